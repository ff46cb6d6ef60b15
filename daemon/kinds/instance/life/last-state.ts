/** Last state: the volatile keys that say how an instance was left. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { InstanceRecord } from "../record";

const powerKey = "volatile.last_state.power";
/** Set while somebody has paused the instance; a container that is frozen without it was being copied. */
const frozenKey = "volatile.last_state.frozen";

/** Set while an instance is between its end and its next start: a daemon that is killed meanwhile leaves the start to the next one. */
const restartKey = "volatile.last_state.restart";

export const runningPower = { [powerKey]: "RUNNING" };
export const stoppedPower = { [powerKey]: "STOPPED" };

/** Set while the guest says that it is up (docs/guest-api.md). */
const readyKey = "volatile.last_state.ready";

/** Whether the guest has said that it is up. */
export const isReady = (config: Config): boolean => config[readyKey] === "true";

/** A configuration that says what the guest said. */
export const withReady = (config: Config, ready: boolean): Config => ({ ...config, [readyKey]: String(ready) });

/** A configuration of a guest that has said nothing: it is not there yet, or no longer. */
export const withoutReady = ({ [readyKey]: _, ...config }: Config): Config => config;

/** A configuration without the note of a pause. */
export const withoutPause = ({ [frozenKey]: _, ...config }: Config): Config => config;

/** A configuration with the note of a pause. */
export const withPause = (config: Config): Config => ({ ...config, [frozenKey]: "true" });

/** Whether somebody has paused an instance. */
export const isPaused = (record: InstanceRecord): boolean => instanceConfig(record.config).get(frozenKey) === "true";

/** Whether an instance was on when the host or the daemon went down. */
export const wasRunning = (record: InstanceRecord): boolean =>
  instanceConfig(record.config).get(powerKey) === "RUNNING";

/** A configuration with the note that a start follows. */
export const withRestart = (config: Config): Config => ({ ...config, [restartKey]: "true" });

/** A configuration without that note. */
export const withoutRestart = ({ [restartKey]: _, ...config }: Config): Config => config;

/** Whether an earlier daemon was about to start the instance again. */
export const isRestarting = (record: InstanceRecord): boolean =>
  instanceConfig(record.config).get(restartKey) === "true";
