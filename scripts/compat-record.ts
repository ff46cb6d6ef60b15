// npm run compat:record [-- CLIENT...]: plays the scripts of test/compat beside an LXD that runs, found by LXD_DIR, and keeps what it says.
import { globSync } from "node:fs";
import path from "node:path";
import { runChild } from "./child";

const root = path.resolve(__dirname, "../..");

async function main(clients: readonly string[]): Promise<void> {
  if (process.env.LXD_DIR === undefined)
    throw new Error("Cannot record: LXD_DIR does not name the state folder of an LXD. Start one, and say where it is.");
  const tests = globSync("dist/test/compat/transcript-*.test.js", { cwd: root }).filter(
    (file) => clients.length === 0 || clients.some((client) => file.endsWith(`transcript-${client}.test.js`)),
  );
  if (tests.length === 0) throw new Error(`Cannot record "${clients.join(" ")}": no such client in test/compat.`);
  // One LXD, and one port in it.
  const options = ["--disable-warning=ExperimentalWarning", "--test-concurrency=1", "--test-reporter=spec"];
  const env = { ...process.env, PEER: "lxd" };
  process.exitCode = await runChild(process.execPath, [...options, "--test", ...tests], { cwd: root, env });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
