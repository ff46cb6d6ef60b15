/**
 * crun as a peer: Debian's, on a root whose files belong to the container's root, with what `crun spec` writes and a user namespace besides. A spawner of
 * bothy-cell starts it, since a fork of Node would cost it a millisecond more.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Native } from "../../daemon/platform/native/index";
import type { Roots, Runtime } from "../beside/runtime";

export const crunProgram = "/usr/bin/crun";

interface Spec {
  process: { terminal: boolean; args: string[] };
  root: { path: string; readonly: boolean };
  mounts: { destination: string; type: string; source: string; options?: string[] }[];
  linux: { namespaces: { type: string }[]; uidMappings?: unknown[]; gidMappings?: unknown[] };
}

/** @param dir a new folder @param native where crun runs (peers/place.ts) */
export function byCrun(native: Native, roots: Roots, dir: string): Runtime {
  const bundle = path.join(dir, "bundle");
  mkdirSync(bundle, { recursive: true });
  execFileSync(crunProgram, ["spec"], { cwd: bundle });
  const file = path.join(bundle, "config.json");
  const spec = JSON.parse(readFileSync(file, "utf8")) as Spec;
  writeFileSync(file, JSON.stringify(withUserNamespace(spec, roots)));
  const crun = (...args: string[]) =>
    native.run([crunProgram, "--root", path.join(dir, "state"), "--cgroup-manager=cgroupfs", ...args]);
  const id = `bothy-bench-crun-${process.pid}`;
  return {
    name: "crun/dir",
    start: () => crun("run", "--detach", "--bundle", bundle, id),
    exec: () => crun("exec", id, "/bin/true"),
    stop: () => crun("delete", "--force", id),
  };
}

function withUserNamespace(spec: Spec, { shifted, base }: Roots): Spec {
  const map = [{ containerID: 0, hostID: base, size: 65_536 }];
  return {
    ...spec,
    process: { ...spec.process, terminal: false, args: ["/sbin/init"] },
    root: { path: shifted, readonly: false },
    linux: {
      ...spec.linux,
      namespaces: [...spec.linux.namespaces.filter(({ type }) => type !== "user"), { type: "user" }],
      uidMappings: map,
      gidMappings: map,
    },
  };
}
