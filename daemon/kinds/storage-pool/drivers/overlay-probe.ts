/** Overlay probe: whether kernel and file system carry what the overlay driver makes. */
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { toApiError } from "../../../platform/errors";
import type { TryRoot } from "../driver";
import { makeRoot } from "./volume-folder";

/**
 * Tries a small overlay for real: id-mapped layers need kernel and file system to work together, which no version number tells.
 * @param scratch folder on the file system to judge
 * @returns why the driver cannot be used, or nothing when it can
 */
export async function overlayUnavailable(scratch: string, tryRoot: TryRoot): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(scratch, "overlay-"));
  const [lower = "", upper = "", work = ""] = ["lower", "upper", "work"].map((name) => path.join(folder, name));
  try {
    for (const part of [lower, upper, work]) await makeRoot(part);
    await tryRoot({ type: "overlay", upper, work, lower: [lower] });
    return undefined;
  } catch (error) {
    return `overlays with mapped ids do not work on the file system of "${scratch}" (${toApiError(error).message})`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
