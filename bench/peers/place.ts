/**
 * Place of peers: a spawner of bothy-cell by which their programs are started. Debian's crun refuses a hybrid layout of control groups in which v2 has a
 * controller. It gets along with one all the same, so there the spawner is in a mount namespace in which the list of those controllers is empty.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Dirs } from "../../daemon/platform/folders/dirs";
import { readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { Log } from "../../daemon/platform/log";
import { BothyCell } from "../../daemon/platform/native/bothy-cell";
import type { Native } from "../../daemon/platform/native/index";
import { cellProgram } from "../../sdk/host/package";

/** @param dir a new folder with a short path */
export async function placeForPeers(dir: string): Promise<Native> {
  const dirs = new Dirs(dir);
  mkdirSync(dirs.cells, { recursive: true });
  return BothyCell.start(programIn(dir), dirs, new Log({ level: "warning" }));
}

/** The program by which the spawner is started. */
function programIn(dir: string): string {
  const { v1, v2, v2Controllers } = readCgroupLayout();
  if (v1.size === 0 || v2 === undefined || v2Controllers.size === 0) return cellProgram;
  const [empty, file] = [path.join(dir, "none"), path.join(dir, "start")];
  writeFileSync(empty, "");
  const inside = `mount --bind ${empty} ${path.join(v2, "cgroup.controllers")} && exec ${cellProgram} "$@"`;
  writeFileSync(file, `#!/bin/sh\nexec unshare --mount --propagation private sh -c '${inside}' sh "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}
