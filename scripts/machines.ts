// npm run machines -- [SYSTEM...]: whole distributions as containers of this machine, with all that is asked of them; docs/machines.md says what was shown.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runChild } from "./child";
import { noteShown, parseShown } from "./machines/shown";
import { triedCommit } from "./tried";
import { repository } from "./vm/cache";

async function main(systems: readonly string[]): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-machines-"));
  const results = path.join(folder, "results");
  triedCommit(repository);
  try {
    const args = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=spec"];
    const env = {
      ...process.env,
      BOTHY_TEST_BUNDLE: "1",
      BOTHY_MACHINES: systems.length === 0 ? "all" : systems.join(),
      BOTHY_MACHINES_RESULTS: results,
    };
    const code = await runChild(process.execPath, [...args, "dist/test/machines/machines.test.js"], {
      cwd: repository,
      env,
    });
    if (existsSync(results)) noteShown("here", parseShown(readFileSync(results, "utf8")));
    return code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
