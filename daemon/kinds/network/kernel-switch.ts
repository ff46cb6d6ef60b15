/** Kernel switches of interfaces of the host (/proc/sys/net shows the network namespace of who reads it). */
import { writeFile } from "node:fs/promises";
import { readText } from "../../platform/folders/files";

export const switchPath = (family: "ipv4" | "ipv6", name: string, key: string): string =>
  `/proc/sys/net/${family}/conf/${name}/${key}`;

/** @param name of an interface, or "all" */
export const isOn = async (family: "ipv4" | "ipv6", name: string, key: string): Promise<boolean> =>
  (await readText(switchPath(family, name, key)))?.trim() === "1";

/** Sets a switch that is not so yet. @throws Error of the file system */
export async function setSwitch(family: "ipv4" | "ipv6", name: string, key: string, value: string): Promise<void> {
  const file = switchPath(family, name, key);
  if ((await readText(file))?.trim() !== value) await writeFile(file, value);
}
