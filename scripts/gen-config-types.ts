// Writes provider/dynamic/config-keys.ts; `npm run gen` runs it.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { configTypesText } from "./config-types";

writeFileSync(join(resolve(__dirname, "../.."), "provider/dynamic/config-keys.ts"), configTypesText());
