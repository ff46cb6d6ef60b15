/** Node: whether the one that runs this is new enough, in words for whoever called a program of ours. */
import { existsSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./package";

/** What package.json promises (engines). */
const oldest = [22, 19] as const;

/** Ends this process when its Node is too old, with what to do about it. @param program such as "bothyd" */
export function requireNode(program: string): void {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  const setup = existsSync(path.join(packageRoot, "scripts", "with-setup.js"))
    ? `, or run "npm run build" in ${packageRoot}, which brings one`
    : "";
  process.stderr.write(
    `Cannot start "${program}": ${process.execPath} is Node ${version}. Install Node ${oldest.join(".")} or newer${setup}.\n`,
  );
  process.exit(1);
}
