/** Cell: what bothy-cell finds the kernel to offer when it really asks for it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { cellPath, packageRoot } from "../package";
import type { Finding } from "./finding";

const subject = "bothy-cell";
const effect = "every container";
const nativeFolder = path.join(packageRoot, "native");

export async function cellFindings(file = cellPath): Promise<Finding[]> {
  if (!existsSync(file))
    return [{ subject, status: "missing", found: "not built", effect, remedy: `Run: make -C ${nativeFolder}` }];
  try {
    await promisify(execFile)(file, ["probe"]);
    return [{ subject, status: "ok", found: file, effect }];
  } catch (error) {
    const found = `cannot probe: ${error instanceof Error ? error.message.trim() : String(error)}`;
    return [
      {
        subject,
        status: "missing",
        found,
        effect,
        remedy: `Build it for this machine: make -C ${nativeFolder} clean all`,
      },
    ];
  }
}
