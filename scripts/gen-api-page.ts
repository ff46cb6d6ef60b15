// Writes docs/api.md and docs/openapi.json; `npm run gen` runs it.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../sdk/host/package";
import { openApiText } from "./api/openapi";
import { apiPage } from "./api-page";

writeFileSync(path.join(packageRoot, "docs", "openapi.json"), openApiText());
writeFileSync(path.join(packageRoot, "docs", "api.md"), apiPage());
