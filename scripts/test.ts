// npm test [FILE | FOLDER...]: format and lint, the build, then every test (or the named ones) on the compiled output. A folder is one of test/.
// With --long, which `npm run test:long` gives, tests leave nothing out for the sake of time (test/support/long.ts).
import { existsSync, globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { runChild } from "./child";
import { withRoom } from "./test/room";

/** What the machines of CI can do: a test that skips for want of one of these fails there. */
const CI_FEATURES =
  "root,btrfs,overlay,pulumi,pulumi-yaml,pulumi-languages,lxc,pylxd,incus,debian,nft,dnsmasq,vm,cross";
/** Tests start daemons and containers of their own, which keep half a core busy each: with so many files two cores do not wait. */
const CONCURRENCY = 4;
/** Longer than any test takes, a guest on a busy machine included: one that hangs is a failure with a name. */
const TEST_TIMEOUT_MS = 40 * 60 * 1000;

const root = resolve(__dirname, "../..");
/** All of test/unit in one process. */
const unitTests = join("dist", "scripts/test/unit.js");

/** Runs a command in the repository, its output shown, and leaves with its exit code when that is not 0. */
async function must(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const code = await runChild(command, args, { cwd: root, env });
  if (code !== 0) process.exit(code);
}

/** All tests in a folder of test/, such as "unit". @throws Error when there is none */
function testsIn(folder: string): string[] {
  const names = globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).sort();
  if (names.length === 0)
    throw new Error(`Cannot test "${folder}": test/${folder} holds no test. Name a file, or a folder such as unit.`);
  return names;
}

/**
 * Maps a test to its compiled file. Named by source, so that output of a source that is gone is never run.
 * @throws Error when the file is not a test or not there
 */
function compiled(name: string): string {
  const source = relative(root, resolve(root, name)).replace(/^dist\/(.*)\.js$/, "$1.ts");
  if (!source.endsWith(".test.ts") || !existsSync(join(root, source)))
    throw new Error(`Cannot test "${name}": it is not a test file. Name files such as test/setup/version.test.ts.`);
  return join("dist", source.replace(/\.ts$/, ".js"));
}

async function main(given: string[]): Promise<void> {
  const names = given.filter((word) => word !== "--long");
  const wanted = names.length > 0 ? names : ["**"];
  const sources = wanted.flatMap((name) => (/^[a-z0-9*]+$/.test(name) ? testsIn(name) : [name]));
  const alone = names.length > 0 ? sources : sources.filter((name) => !name.startsWith("test/unit/"));
  const files = [...(names.length > 0 ? [] : [unitTests]), ...alone.map(compiled)];
  const node = process.execPath;
  await must(node, ["node_modules/@biomejs/biome/bin/biome", "check", "."]);
  await must(node, ["node_modules/typescript-7/bin/tsc", "-p", "tsconfig.json"]);
  // Tests start some thousands of Node processes that load the same modules, and hundreds of daemons.
  const env: NodeJS.ProcessEnv = {
    NODE_COMPILE_CACHE: join(root, ".toolchain/compile-cache"),
    BOTHY_TEST_BUNDLE: "1",
    ...(given.includes("--long") && { BOTHY_TEST_LONG: "1" }),
    ...process.env,
  };
  if (names.length === 0) await must(node, [resolve(__dirname, "test/warm.js")], env);
  if (env.CI === "true") env.REQUIRE = env.REQUIRE ?? CI_FEATURES;
  const runner = ["--disable-warning=ExperimentalWarning", resolve(__dirname, "test/run.js")];
  const words = [...runner, String(CONCURRENCY), String(TEST_TIMEOUT_MS), ...files];
  const code = await withRoom((folder) => runChild(node, words, { cwd: root, env: { ...env, TMPDIR: folder } }));
  if (code !== 0) process.exitCode = code;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
