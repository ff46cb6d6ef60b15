/** Container restart: configuration that a running container follows only from its next start on. */
import type { Config } from "../../../../sdk/api/common";
import { instanceKeys } from "../../../../sdk/api/config/instance";
import { findRow } from "../../../../sdk/api/config/table";
import { ApiError } from "../../../../sdk/api/errors";
import { isMap, type Props } from "../../engine/values";

/** Hidden output: what waits for the next start. */
export const pendingProperty = "__pendingRestart";

export interface Pending {
  readonly keys: readonly string[];
  /** When the container had started, as the server tells it; after another start nothing waits any more. */
  readonly startedAt: string;
}

/** @returns keys that changed and count from the next start on only */
export function restartKeys(was: Config, is: Config): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.filter(
    (key) => (was[key] ?? "") !== (is[key] ?? "") && findRow(instanceKeys, key)?.applies === "next start",
  );
}

export const pendingIn = (props: Props): Pending | undefined =>
  isMap(props[pendingProperty]) ? (props[pendingProperty] as unknown as Pending) : undefined;

/** @returns whether a server did not take a key because the container runs */
export const isRefusedWhileRunning = (error: unknown): boolean =>
  ApiError.is(error) &&
  /\bkey\b.*\bwhen (the )?(container|instance) is running|while (the )?(container|instance) is running/i.test(
    error.message,
  );

export const withAdvice = (error: unknown): ApiError | unknown =>
  ApiError.is(error)
    ? new ApiError(error.code, `${error.message} Or set allowRestart: true, and up restarts the container.`)
    : error;

const list = (keys: readonly string[]): string => `${keys.join(", ")} ${keys.length > 1 ? "count" : "counts"}`;

/** What people are told, in preview and when it happens. */
export const restartNote = (name: string, keys: readonly string[], allowed: boolean): string =>
  allowed
    ? `Container "${name}" is restarted: ${list(keys)} from its start on.`
    : `${list(keys)} for container "${name}" from its next start on. With allowRestart: true, up restarts it.`;

/** @param olds last outputs @param news inputs @returns what a preview says of a restart that comes or that is left to somebody */
export function restartNotes(olds: Props, news: Props): string[] {
  if (olds.status !== "Running" || news.running === false) return [];
  const [was, is] = [olds.config, news.config].map((config) => (isMap(config) ? (config as Config) : {}));
  const changed = restartKeys(was!, is!);
  const allowed = news.allowRestart === true;
  const waiting = allowed ? (pendingIn(olds)?.keys ?? []) : [];
  const keys = [...new Set([...waiting, ...changed])];
  return keys.length === 0 ? [] : [restartNote(String(news.name), keys, allowed)];
}
