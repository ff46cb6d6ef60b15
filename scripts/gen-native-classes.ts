// Writes provider/native/index.ts; `npm run gen` runs it.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatted } from "./formatted";
import { nativeClassesText } from "./native-classes";

const file = "provider/native/index.ts";
writeFileSync(join(resolve(__dirname, "../.."), file), formatted(file, nativeClassesText()));
