/** Roots: what an image holds, unpacked for runtimes that take a folder. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Roots } from "./runtime";

const base = 1_000_000;

/** @param image a unified tarball with files of root's alone @param dir a new folder for them */
export function unpackRoots(image: string, dir: string): Roots {
  const places = { own: path.join(dir, "own"), shifted: path.join(dir, "shifted") };
  mkdirSync(dir);
  for (const place of Object.values(places)) {
    mkdirSync(place);
    execFileSync("tar", ["-C", place, "--strip-components=1", "-xzf", image, "rootfs"]);
    chmodSync(place, 0o755);
  }
  execFileSync("chown", ["-hR", `${base}:${base}`, places.shifted]);
  // The roots of containers come this way.
  chmodSync(dir, 0o711);
  return { ...places, base };
}
