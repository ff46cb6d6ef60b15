/** Lacks: why a test that brings up containers cannot run here. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cellProgram } from "../../../sdk/host/package";
import { requireFeature } from "../../support/require";

/** @returns the reason to skip, or false; REQUIRE=root forbids the skip */
export function lacksContainers(): string | false {
  const canUnshare = process.getuid?.() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;
  return requireFeature("root", canUnshare && existsSync(cellProgram));
}
