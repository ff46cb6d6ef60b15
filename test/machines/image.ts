/** Image: a system as an image of LXD, made once by mmdebstrap and kept by content below BOTHY_CACHE. */
import { rmSync } from "node:fs";
import path from "node:path";
import { packImage } from "../../daemon/kinds/image/archive/pack";
import { fillDebian } from "../../daemon/kinds/image/build/mmdebstrap";
import { digestOf, readTemplate } from "../../daemon/kinds/image/templates/template";
import { cached, keyOf, repository } from "../../scripts/vm/cache";
import type { System } from "./systems";

const definitions = path.join(repository, "test/machines/templates");
const keptDays = 30;
const fileName = "image.tar.zst";

/** @returns the file of its image; in a guest, which has no network, from the folder that BOTHY_TEST_MACHINES names */
export async function imageOf({ name, title, init }: System): Promise<string> {
  const made = process.env.BOTHY_TEST_MACHINES;
  if (made !== undefined) return path.join(made, `${name}.tar.zst`);
  const template = await readTemplate(name, [definitions]);
  const folder = await cached(`machine-${name}`, keyOf(digestOf(template, "")), keptDays, async (building) => {
    console.log(`Making a root of ${title} with ${init}: a minute, once`);
    const { signal } = new AbortController();
    const root = path.join(building, "rootfs");
    const createdSeconds = await fillDebian(root, template.definition, () => undefined, signal);
    await packImage(building, path.join(building, fileName), { template, createdSeconds }, signal);
    for (const part of ["rootfs", "templates", "metadata.yaml"])
      rmSync(path.join(building, part), { recursive: true, force: true });
  });
  return path.join(folder, fileName);
}
