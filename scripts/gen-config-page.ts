// Writes docs/config.md; `npm run gen` runs it.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../sdk/host/package";
import { configPage } from "./config-page";

writeFileSync(path.join(packageRoot, "docs", "config.md"), configPage());
