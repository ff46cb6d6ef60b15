// npm run demo [-- --verbose]: from nothing to running containers by a Pulumi program, and back to nothing.
// KEEP=1 leaves out the end and says where the scene is.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { runInNamespaces } from "../sdk/host/namespaces";
import { currentUser, whatUserLacks } from "../sdk/host/subordinate-ids";
import { type Presence, Scene } from "./demo/scene";
import { end, tell } from "./demo/story";
import { Table } from "./demo/table";
import { useEngine } from "./scene/engine";

/** Lines of the daemon's log that a failure shows. */
const logLines = 15;
const isKept = process.env.KEEP === "1";

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) {
    process.exitCode = asRoot();
    return;
  }
  const { values } = parseArgs({ options: { verbose: { type: "boolean", default: false } } });
  requireHost();
  const table = new Table(process.stdout);
  const interrupted = onInterrupt();
  const startedMs = performance.now();
  let before: Presence | undefined;
  const scene = await Scene.make((line) => (values.verbose ? table.line(line) : table.detail(line)));
  const story = async () => {
    await tell(scene, table, () => {
      before = scene.presence();
    });
    if (!isKept) await end(scene, table);
  };
  table.line(table.paint("bold", "Bothy's demo: examples/quickstart with the real Pulumi engine"));
  table.line(`everything is in ${scene.folder} and in a network namespace`);
  table.line();
  try {
    await Promise.race([story(), interrupted]);
  } catch (error) {
    await fail(scene, table, error);
    return;
  }
  if (isKept) explain(scene, table);
  const after = await scene.leave();
  showProof(table, before, after);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const isClean = Object.values(after).every((items) => items.length === 0);
  table.line();
  table.line(
    isClean
      ? table.paint("green", `Done in ${seconds} s, and nothing is left.`)
      : table.paint("red", "Something is left."),
  );
  process.exitCode = isClean ? 0 : 1;
}

/**
 * Tells it once more as root of namespaces that are the user's (docs/rootless.md), where all that it makes can be seen and taken away.
 * @returns its exit code @throws Error that says what the user lacks
 */
function asRoot(): number {
  const lack = whatUserLacks(currentUser());
  if (lack !== undefined) throw new Error(`Cannot run the demo: ${lack}.`);
  if (isKept)
    throw new Error("Cannot keep the scene of an ordinary user's demo: it goes with its namespaces. Leave KEEP out.");
  process.on("SIGINT", () => undefined);
  return runInNamespaces([process.execPath, ...process.execArgv, ...process.argv.slice(1)], "inherit").status ?? 1;
}

/** @throws Error that says what this machine lacks */
function requireHost(): void {
  if (process.getuid?.() !== 0 || spawnSync("unshare", ["--net", "true"]).status !== 0)
    throw new Error("Cannot run the demo: it makes a network namespace and containers, and this host forbids it.");
  if (!useEngine())
    throw new Error('Cannot run the demo: there is no Pulumi engine. Run "npm run demo", which brings one.');
}

class Interrupted extends Error {
  constructor(readonly exitCode: number) {
    super("It was interrupted.");
  }
}

/** Rejects on the first signal, or when nobody reads the output any more; the end that follows is not interrupted. */
function onInterrupt(): Promise<never> {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
  const interrupted = new Promise<never>((_, reject) => {
    for (const [signal, code] of Object.entries(codes)) process.on(signal, () => reject(new Interrupted(code)));
    process.stdout.on("error", reject);
    process.on("uncaughtException", reject);
  });
  // Whoever races against it gets the rejection; before and after that nobody listens.
  interrupted.catch(() => undefined);
  return interrupted;
}

/** Tells why, and removes everything unless the scene is to be kept. */
async function fail(scene: Scene, table: Table, error: unknown): Promise<void> {
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
  table.end();
  table.line();
  table.line(table.paint("red", `The demo failed: ${error instanceof Error ? error.message : error}`));
  if (!(error instanceof Interrupted)) {
    table.line("The end of the daemon's log:");
    for (const text of scene.daemon.log().trimEnd().split("\n").slice(-logLines)) table.line(`  ${text}`);
  }
  if (isKept) explain(scene, table);
  await scene.destroy();
  table.line("Everything that it had made was removed. KEEP=1 keeps it.");
}

/** Says where the scene is and leaves at once, since its processes would keep this one alive. */
function explain({ folder, daemon }: Scene, table: Table): never {
  const { pid } = daemon;
  table.line();
  table.line(`Kept: ${folder}`);
  table.line(`  the daemon's log    ${daemon.logfile}`);
  if (daemon.isRunning) {
    table.line(`  ask the daemon      BOTHY_ENDPOINT=unix://${daemon.socket} bin/bothy list`);
    table.line(`  its network         nsenter --target ${pid} --net`);
    table.line(`  remove everything   kill -PWR ${pid}; tail --pid=${pid} --follow /dev/null; rm -r ${folder}`);
  }
  process.exit();
}

/** Compares what there was with what is there now. */
function showProof(table: Table, before: Presence | undefined, after: Presence): void {
  const kinds = {
    processes: "processes",
    dnsmasqs: "  dnsmasq",
    mounts: "mounts",
    interfaces: "interfaces",
    cgroups: "control groups",
    tables: "nft tables",
    loops: "loop devices",
    files: "files",
  } as const;
  table.line();
  table.line(
    table.paint("bold", `      ${"what is ours".padEnd(18)}${"while it ran".padStart(14)}${"left".padStart(8)}`),
  );
  for (const [kind, name] of Object.entries(kinds) as [keyof typeof kinds, string][]) {
    const [had, left] = [before?.[kind] ?? [], after[kind]];
    table.line(`      ${name.padEnd(18)}${String(had.length).padStart(14)}${String(left.length).padStart(8)}`);
    for (const item of left) table.line(table.paint("red", `        ${item}`));
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
