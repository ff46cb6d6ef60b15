// npm run sdks: writes the packages for programs in other languages, made of schema.json.
import path from "node:path";
import { writeSdks } from "./scene/sdks";

const usage = `Usage: npm run sdks -- [FOLDER [LANGUAGE...]]

  FOLDER    gets a folder for each language; sdks/ when absent
  LANGUAGE  go, java, nodejs or python; all when absent
`;

const words = process.argv.slice(2);
if (words.some((word) => word.startsWith("-"))) {
  process.stdout.write(usage);
  process.exitCode = words.includes("--help") ? 0 : 2;
} else {
  const [folder = "sdks", ...languages] = words;
  try {
    console.log(writeSdks(path.resolve(folder), languages));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
