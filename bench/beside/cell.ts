/** bothy-cell alone, as a runtime: it is asked for the same operations as the daemon asks for, by the daemon's own door to it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gateOps } from "../../daemon/kinds/instance/guest/gates";
import { forNewGroup, limitWrites } from "../../daemon/kinds/instance/limits/limits";
import { joinOps } from "../../daemon/kinds/instance/spec/cgroups";
import { capabilityMask, defaultPath, envOps } from "../../daemon/kinds/instance/spec/process";
import { seccompFile, startFilter } from "../../daemon/kinds/instance/spec/seccomp";
import { startOps } from "../../daemon/kinds/instance/spec/start";
import { policyRules } from "../../daemon/kinds/instance/spec/syscalls";
import type { Dirs } from "../../daemon/platform/folders/dirs";
import type { ParentGroups } from "../../daemon/platform/host/cgroups";
import { idmapOps, type Native, type Op, type RunningCell } from "../../daemon/platform/native/index";
import type { RootSource } from "../../daemon/platform/native/root-source";
import { hostArchitecture } from "../../sdk/host/architecture";
import { seccompDir } from "../../sdk/host/package";
import type { Runtime } from "./runtime";

export interface CellPlace {
  readonly native: Native;
  readonly groups: ParentGroups;
  readonly dirs: Dirs;
  /** The figures of a daemon's lxcfs, as its containers get them. */
  readonly figures: readonly Op[];
  readonly hostBase: number;
}

/** @param kind what the root is, as pools are called @param root its id map is at the mount */
export function byCell(place: CellPlace, kind: string, root: RootSource): Runtime {
  const { native, groups, dirs } = place;
  const name = `cell-${kind}`;
  const instance = { project: "default", name };
  const ids = { hostBase: place.hostBase, count: 65_536 };
  const group = groups.of(name);
  const controlDir = dirs.cell(name);
  const filter = () => startFilter(controlDir, seccompFile(seccompDir, {}), [policyRules(seccompDir, {})]);
  let running: RunningCell | undefined;
  const need = (): RunningCell => {
    if (running === undefined) throw new Error(`${name} does not run.`);
    return running;
  };

  function start(): Op[] {
    mkdirSync(path.join(controlDir, "guest"), { recursive: true });
    const consoleLog = path.join(controlDir, "console.log");
    writeFileSync(consoleLog, "");
    groups.make();
    const { layout } = groups;
    return startOps({
      ...{ name, architecture: hostArchitecture, config: {}, devices: {}, root, ids, plans: [], layout, group },
      ...{ controlDir, consoleLog, resolver: undefined, label: [] },
      limits: forNewGroup(limitWrites(layout, group, {}, undefined)),
      figures: place.figures,
      gate: gateOps(dirs, instance),
      seccomp: filter(),
      hasDevice: (device) => existsSync(path.join("/dev", device)),
    });
  }

  const exec = (): Op[] => [
    ...idmapOps(ids),
    ...joinOps(groups.layout, group, true),
    ["seccomp", seccompFile(seccompDir, {})],
    ["cap-keep", capabilityMask(false)],
    ["umask", "022"],
    ["user", 0],
    ["group", 0],
    ["home", "/root"],
    ...envOps({ PATH: defaultPath, container: "lxc", HOME: "/root", USER: "root" }),
    ["arg", "/bin/true"],
    ...["stdin", "stdout", "stderr"].map((stream): Op => [stream, "null"]),
  ];

  return {
    name: `bothy/${kind}`,
    start: async () => {
      running = await native.startContainer(start());
    },
    exec: async () => {
      const code = await (await native.exec(need(), exec(), "none")).exited;
      if (code !== 0) throw new Error(`/bin/true in ${name} ended with ${code}.`);
    },
    stop: async () => {
      const cell = need();
      cell.kill();
      await cell.exited;
      running = undefined;
    },
  };
}
