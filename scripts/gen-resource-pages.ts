// Writes docs/resources/; `npm run gen` runs it.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../sdk/host/package";
import { resourcePages } from "./resource-pages";

const folder = path.join(packageRoot, "docs/resources");
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(resourcePages())) writeFileSync(path.join(folder, name), text);
