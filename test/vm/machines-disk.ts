/** Machines disk: images of the systems of test/machines, for guests, which have no network to make them. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { cached, keyOf } from "../../scripts/vm/cache";
import { makeExt4 } from "../../scripts/vm/disks";
import { imageOf } from "../machines/image";
import { systems } from "../machines/systems";

const keptDays = 30;

/** @returns a disk with the label "machines" that holds <system>.tar.zst of each */
export async function machinesDisk(): Promise<string> {
  const files = new Map<string, string>();
  for (const system of systems) files.set(system.name, await imageOf(system));
  const folder = await cached("machines", keyOf(...files.values()), keptDays, async (building) => {
    const content = path.join(building, "content");
    mkdirSync(content);
    for (const [name, file] of files) copyFileSync(file, path.join(content, `${name}.tar.zst`));
    await makeExt4(path.join(building, "machines.img"), content, "machines", "1G");
    rmSync(content, { recursive: true });
  });
  return path.join(folder, "machines.img");
}
