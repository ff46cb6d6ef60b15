// npm run gen: writes schema.json from the definitions of the provider's kinds. A test holds the file to them.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { schemaText } from "./schema/text";

writeFileSync(resolve(__dirname, "../../schema.json"), schemaText());
