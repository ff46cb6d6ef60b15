// Writes sdk/client/<kind>.ts for the kinds whose calls are made; `npm run gen` runs it.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { clientCallFiles } from "./client-calls";
import { formatted } from "./formatted";

const root = resolve(__dirname, "../..");
for (const [file, text] of clientCallFiles()) writeFileSync(join(root, file), formatted(file, text));
