/** Spec, OCI: what a container runs that is made of an image of OCI (docs/oci.md): its configuration says so, which its image has filled. */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { splitWords } from "../../../../sdk/api/config/shell-words";
import { badRequest } from "../../../../sdk/api/errors";
import { parseSignal } from "../../../core/settings/raw-lxc";
import type { Op } from "../../../platform/native/index";
import { madeForContainers } from "../../../platform/selinux/labels";
import type { OciRuntime } from "../../image/archive/oci-runtime";

/** @param config expanded */
export const isOci = (config: Config): boolean => instanceConfig(config).get("volatile.container.oci") ?? false;

/** What an image of the instance would run. @param config its own @param base what its image ran; nothing when it is gone */
export function ociRuntimeOf(config: Config, base: OciRuntime | undefined): OciRuntime | undefined {
  if (!isOci(config)) return undefined;
  const set = instanceConfig(config);
  const stopSignal = set.get("volatile.container.oci.stop_signal");
  const groups = groupsOf(config);
  return {
    args: splitWords(set.get("oci.entrypoint") ?? "") ?? [],
    env: base?.env ?? {},
    cwd: set.get("oci.cwd") ?? "/",
    uid: set.get("oci.uid"),
    gid: set.get("oci.gid"),
    ...(groups.length === 0 ? {} : { groups }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
  };
}

/** The supplementary groups of the image's user; none when the command runs as another one. @param config expanded */
function groupsOf(config: Config): number[] {
  const set = instanceConfig(config);
  const [uid, groups] = (set.get("volatile.container.oci.groups") ?? "").split(":");
  return groups === undefined || Number(uid) !== set.get("oci.uid") ? [] : groups.split(",").map(Number);
}

/** An init that wants to be process 1, as some images have it. */
const isInit = (program: string): boolean => /^(init|systemd|tini|dumb-init|s6-svscan)$/.test(path.basename(program));

/** The command below our own reaper, as its user. @param config expanded @throws ApiError BAD_REQUEST when there is none */
export function ociCommandOps(config: Config): Op[] {
  const set = instanceConfig(config);
  const words = splitWords(set.get("oci.entrypoint") ?? "") ?? [];
  const [program] = words;
  if (program === undefined) throw badRequest(`its image names no command to run. Set "oci.entrypoint" to one.`);
  const uid = set.get("oci.uid");
  const gid = set.get("oci.gid");
  const isRoot = uid === 0 && gid === 0;
  return [
    ...(isRoot && isInit(program) ? [] : [["init-reaper"] as Op]),
    ["user", uid],
    ["group", gid],
    ...groupsOf(config).map((group): Op => ["supplementary-group", group]),
    ["cwd", set.get("oci.cwd") ?? "/"],
    ...words.map((word): Op => ["arg", word]),
  ];
}

/** Number of the signal that asks the command to end. @param config expanded */
export function ociStopSignal(config: Config): number {
  const { SIGTERM } = os.constants.signals;
  const name = instanceConfig(config).get("volatile.container.oci.stop_signal");
  try {
    return name === undefined ? SIGTERM : parseSignal(name);
  } catch {
    return SIGTERM;
  }
}

/** Writes the resolv.conf of a container that is about to start. @param cellDir folder of its run files @returns the file */
export function resolverFile(cellDir: string, content: string | undefined): string | undefined {
  if (content === undefined) return undefined;
  const file = path.join(cellDir, "resolv.conf");
  rmSync(file, { recursive: true, force: true });
  madeForContainers(() => writeFileSync(file, content));
  // For whoever runs inside, whatever the daemon's umask.
  chmodSync(file, 0o644);
  return file;
}

/** Who answers for names, as the container is given it. @param file of the host; nothing when no network of its gives an address */
export const resolverOps = (file: string | undefined): Op[] =>
  file === undefined ? [] : [["bind", file, "/etc/resolv.conf", "file,ro,nodev,nosuid,noexec"]];
