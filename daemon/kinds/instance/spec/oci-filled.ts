/** OCI, filled: what the image of a container fills into its configuration, and takes out again when it is the container's image no longer. */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { Config } from "../../../../sdk/api/common";
import { joinWords } from "../../../../sdk/api/config/shell-words";
import type { OciRuntime } from "../../image/archive/oci-runtime";

const filledKey = "volatile.container.oci.filled";

/** What the image gave each key, as a digest: a key that has another value by now is the user's. */
const Filled = z.record(z.string(), z.string());

const digestOf = (value: string): string => createHash("sha256").update(value).digest("base64").slice(0, 16);

/**
 * What the image of a new container fills in.
 * @param chosen what the container has by its own configuration and its profiles: that counts before the image's
 */
export function ociConfig(runtime: OciRuntime | undefined, chosen: Config): Config {
  if (runtime === undefined) return {};
  const { args, env, cwd, uid, gid, groups = [], stopSignal } = runtime;
  const said: Config = {
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [`environment.${name}`, value])),
    ...(args.length === 0 ? {} : { "oci.entrypoint": joinWords(args) }),
    "oci.cwd": cwd,
    "oci.uid": String(uid),
    "oci.gid": String(gid),
  };
  const filled = Object.entries(said).filter(([key, value]) => !Object.hasOwn(chosen, key) && value !== "");
  return {
    ...Object.fromEntries(filled),
    "volatile.container.oci": "true",
    [filledKey]: JSON.stringify(Object.fromEntries(filled.map(([key, value]) => [key, digestOf(value)]))),
    ...(groups.length === 0 ? {} : { "volatile.container.oci.groups": `${uid}:${groups.join(",")}` }),
    ...(stopSignal === undefined ? {} : { "volatile.container.oci.stop_signal": stopSignal }),
  };
}

/** A configuration without what its image of OCI filled in; what somebody has set to another value stays. */
export function withoutOci(config: Config): Config {
  const filled = filledOf(config);
  const isFilled = (key: string, value: string) =>
    filled === undefined ? key.startsWith("oci.") : filled[key] === digestOf(value);
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => !key.startsWith("volatile.container.oci") && !isFilled(key, value)),
  );
}

/** Nothing for a container whose image noted nothing, or whose note cannot be read. */
function filledOf({ [filledKey]: text }: Config): Readonly<Record<string, string>> | undefined {
  try {
    return Filled.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}
