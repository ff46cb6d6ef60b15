/** Commands: many with much input and output at the same time, and such as are ended at a random moment, in one container that stays. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "../../sdk/client/client";
import type { ExecSession } from "../../sdk/client/exec";
import type { TestDaemon } from "../../test/support/daemon";
import { processesWith, processText } from "../../test/support/process";

/** Bytes that each of the commands takes and gives back. */
const bytes = 10 * 2 ** 20;

/** The longest time after which a command is ended. Most have started by then, and none is done. */
const endedWithinMs = 400;

const sums = (buffers: readonly Buffer[]) => buffers.map((each) => createHash("sha256").update(each).digest("hex"));

/** Has that many commands at the same time, each of which gives back 10 MiB that it is given. @throws AssertionError when a byte is another */
export async function manyAtOnce({ client }: TestDaemon, instance: string, count: number): Promise<void> {
  const begin = Date.now();
  const inputs = Array.from({ length: count }, () => randomBytes(bytes));
  const outputs = await Promise.all(inputs.map((input) => client.execOutput(instance, { command: ["cat"] }, input)));
  assert.deepEqual(
    outputs.map(({ code }) => code),
    inputs.map(() => 0),
  );
  assert.deepEqual(sums(outputs.map(({ stdout }) => stdout)), sums(inputs), "each command gave back what it was given");
  const seconds = (Date.now() - begin) / 1000;
  console.log(`  ${count} commands at once, 10 MiB in and out of each: ${seconds.toFixed(1)} s`);
}

/** Ways in which a command comes to its end before it is done. */
const endings = ["a signal", "a client that leaves", "its helper killed"] as const;
type Ending = (typeof endings)[number];

/** What these commands have on their command lines, and nobody else: how long they sleep, with a number of its own for each. */
const mark = `9${process.pid}`;
const markOf = (index: number): string => `${mark}${String(index).padStart(6, "0")}`;

/**
 * Starts commands and ends each at a random moment: by a signal over its session, by a client that leaves, or by SIGKILL to the
 * process on the host that waits for it. @throws AssertionError when one goes on, or the container takes no further command
 */
export async function endedAtRandom({ client }: TestDaemon, instance: string, count: number): Promise<void> {
  const begin = Date.now();
  for (let index = 0; index < count; index++) {
    const ending = endings[index % endings.length] ?? "a signal";
    await endOne(client, instance, markOf(index), ending);
  }
  const deadline = Date.now() + 10_000;
  while (commandsLeft().length > 0 && Date.now() < deadline) await delay(50);
  assert.deepEqual(commandsLeft(), [], "no command goes on");
  assert.equal((await client.execOutput(instance, { command: ["true"] })).code, 0);
  const seconds = (Date.now() - begin) / 1000;
  console.log(`  ${count} commands ended at a random moment: ${seconds.toFixed(0)} s`);
}

async function endOne(client: Client, instance: string, own: string, ending: Ending): Promise<void> {
  const afterMs = Math.random() * endedWithinMs;
  const leaving = new AbortController();
  const left = setTimeout(() => leaving.abort(), ending === "a client that leaves" ? afterMs : 60_000);
  try {
    const session = await client.execInstance(instance, { command: ["sleep", own], signal: leaving.signal });
    session.stdout.resume();
    session.stderr.resume();
    const ended = delay(afterMs).then(() => end(session, own, ending));
    await Promise.all([session.exit, ended]);
  } catch (error) {
    // A client that left, and one whose command lost its helper, hear of no exit code.
    if (ending === "a signal") throw error;
  } finally {
    clearTimeout(left);
  }
}

function end(session: ExecSession, own: string, ending: Ending): void {
  if (ending === "a client that leaves") return;
  const helpers = ending === "a signal" ? [] : commandsLeft((word) => word === own).map(parentOf);
  // Where it has not begun yet there is no helper that could be told from others.
  if (helpers.length === 0) session.signal(9);
  for (const helper of helpers) process.kill(helper, "SIGKILL");
}

const isOurs = (word: string): boolean => word.startsWith(mark) && word.length === markOf(0).length;

/** Commands that still run, as the host sees them. */
const commandsLeft = (isWanted = isOurs): string[] => processesWith((words) => words.some(isWanted));

const parentOf = (pid: string): number => Number(/^PPid:\s*(\d+)$/m.exec(processText(pid, "status"))?.[1]);
