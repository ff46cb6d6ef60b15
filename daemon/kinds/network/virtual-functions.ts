/** Virtual functions: the parts of a network card that are interfaces of their own (SR-IOV), as /sys shows them. */
import { readdir, readlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { numberIn } from "../../platform/hardware/files";

export interface VirtualFunction {
  readonly number: number;
  /** Of its interface; nothing while that is elsewhere, or no driver has it. */
  readonly name: string | undefined;
}

const deviceOf = (sys: string, parent: string): string => path.join(sys, "class/net", parent, "device");

/** @param sys /sys @returns how many a card can have; nothing for one without */
export const totalOf = (sys: string, parent: string): Promise<number | undefined> =>
  numberIn(deviceOf(sys, parent), "sriov_totalvfs");

/** Switches all on where none is. The kernel refuses another number than 0 while some are. @throws Error of the file system */
export async function enableFunctions(sys: string, parent: string, total: number): Promise<void> {
  const device = deviceOf(sys, parent);
  if (((await numberIn(device, "sriov_numvfs")) ?? 0) === 0)
    await writeFile(path.join(device, "sriov_numvfs"), String(total));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** Those that are switched on, by their numbers. */
export async function listFunctions(sys: string, parent: string): Promise<VirtualFunction[]> {
  const device = deviceOf(sys, parent);
  const numbers = (await namesIn(device)).flatMap((name) => /^virtfn(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return Promise.all(
    numbers
      .sort((a, b) => a - b)
      .map(async (number) => {
        const [name] = await namesIn(path.join(await target(device, number), "net"));
        return { number, name };
      }),
  );
}

const target = async (device: string, number: number): Promise<string> => {
  const link = path.join(device, `virtfn${number}`);
  return path.resolve(device, await readlink(link));
};
