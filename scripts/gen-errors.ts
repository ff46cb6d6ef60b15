/** Writes docs/errors.md from the one table of codes. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../sdk/host/package";
import { errorPage } from "./error-page";

writeFileSync(path.join(packageRoot, "docs", "errors.md"), errorPage());
