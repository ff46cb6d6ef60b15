// npm run test:vm -- [--full] SET|GUEST...: boots the guests, one after the other, and runs their tests in them with the packed package.
import { existsSync } from "node:fs";
import path from "node:path";
import { runChild } from "../child";
import { triedCommit } from "../tried";
import { repository } from "./cache";
import { type Guest, guestNamed, guestNames, guests } from "./guests";
import { noteRan } from "./ran";

const fullWord = "--full";

const usage = `Usage: npm run test:vm -- [${fullWord}] SET|GUEST...

  SET    ${[...new Set(guests.flatMap(({ sets }) => sets))].join(", ")}: on each guest that has it
  GUEST  ${guestNames().join(", ")}: all that it has
  ${fullWord}  of a storage driver the whole contract: hours by emulation
`;

interface Run {
  readonly guest: Guest;
  readonly set: string;
}

/** @throws Error that names what there is */
function runsOf(word: string): Run[] {
  const bySet = guests.filter(({ sets }) => sets.includes(word)).map((guest) => ({ guest, set: word }));
  if (bySet.length > 0) return bySet;
  const guest = guestNamed(word);
  return guest.sets.map((set) => ({ guest, set }));
}

/** Runs a set of tests on a guest by node's own runner. @returns its exit code */
async function run({ guest, set }: Run): Promise<number> {
  const file = path.join("dist/test/vm", `${set}.js`);
  if (!existsSync(path.join(repository, file))) throw new Error(`There is no test/vm/${set}.ts.`);
  console.log(`\n${guest.title} (${guest.name}): ${set}`);
  const args = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=spec", file];
  const env = { ...process.env, BOTHY_VM_GUEST: guest.name };
  return await runChild(process.execPath, args, { cwd: repository, env });
}

async function main(given: readonly string[]): Promise<number> {
  const words = given.filter((word) => word !== fullWord);
  if (words.length === 0 || words.includes("--help")) {
    console.log(usage);
    return words.length === 0 ? 2 : 0;
  }
  if (given.includes(fullWord)) process.env.BOTHY_VM_FULL = "1";
  const runs = words.flatMap(runsOf);
  const codes: number[] = [];
  // Told to end, it begins no other.
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) process.on(signal, end);
  // A part of a set shows nothing of the whole.
  const isWhole = ["BOTHY_VM_ONLY", "BOTHY_MACHINES"].every((variable) => process.env[variable] === undefined);
  triedCommit(repository);
  for (const one of runs) {
    const ended = isOver ? 1 : await run(one);
    // A runner of tests that is told to end may end with 0, though it has not run them all.
    const code = isOver ? 1 : ended;
    if (code === 0 && isWhole) noteRan(one.guest, one.set);
    codes.push(code);
  }
  console.log("\nGuests:");
  for (const [at, { guest, set }] of runs.entries())
    console.log(`  ${codes[at] === 0 ? "passed" : "FAILED"}  ${guest.title}: ${set}`);
  return codes.find((code) => code !== 0) ?? 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exitCode = 2;
  },
);
