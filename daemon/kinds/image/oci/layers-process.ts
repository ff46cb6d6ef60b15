/**
 * Layers process: counts what the layers of an image hold, before a program of the host unpacks them, in a process of its own, confined and with bounded
 * memory. Where each entry goes is judged when the whole root is checked like any image.
 */
import { stat } from "node:fs/promises";
import { answerJob, type Refused } from "../archive/answer-job";
import { Names } from "../archive/check";
import type { CheckFile } from "../archive/check-process";
import { readTarball } from "../archive/check-tarball";
import type { Growth } from "../archive/growing-file";
import { beyond, type ImageLimits, requireSize } from "../archive/limits";
import { refuse, shown } from "../archive/refuse";
import type { TarEntry } from "../archive/tar";

export interface LayersJob {
  readonly layers: readonly CheckFile[];
  readonly limits: ImageLimits;
}

export interface Layers {
  readonly hasDeviceNodes: boolean;
}

export type LayersResult = { readonly checked: Layers } | Refused;

/** Counts over all layers. */
class Count {
  readonly #names: Names;
  #entries = 0;
  #bytes = 0;
  #packedBytes = 0;
  hasDeviceNodes = false;

  constructor(private readonly limits: ImageLimits) {
    this.#names = new Names(limits);
  }

  begin(packedBytes: number): void {
    this.#packedBytes += packedBytes;
  }

  add({ name, linkName, type, size, isSparse }: TarEntry): void {
    // Its holes would be filled, however long they are.
    if (isSparse) throw refuse(`a layer has the sparse file ${shown(name)}`, "Make the image without.");
    this.#names.add(name.length + linkName.length);
    this.#entries += 1;
    this.#bytes += size;
    if (this.#entries > this.limits.entries.value)
      throw beyond(this.limits, "entries", "its layers have more files and folders");
    requireSize(this.#bytes, this.limits, this.#packedBytes);
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw refuse(`the entry ${shown(name)} leaves the root file system`, "Make it anew.");
    if (parts.length > this.limits.depth.value)
      throw beyond(this.limits, "depth", `the entry ${shown(name)} lies deeper`);
    this.hasDeviceNodes ||= type === "character" || type === "block";
  }
}

async function check({ layers, limits }: LayersJob, growth: Growth): Promise<LayersResult> {
  const count = new Count(limits);
  for (const layer of layers) {
    count.begin((await stat(layer.path)).size);
    await readTarball(layer, growth, limits, async (entries) => {
      for await (const entry of entries) count.add(entry);
    });
  }
  return { checked: { hasDeviceNodes: count.hasDeviceNodes } };
}

void answerJob(check);
