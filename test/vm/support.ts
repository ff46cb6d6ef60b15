/** What tests in a guest share: the guest itself, and its daemon as users speak to it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { guestNamed } from "../../scripts/vm/guests";
import { Machine } from "../../scripts/vm/machine";
import { findProgram } from "../../sdk/host/program";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";

/** Beyond this something hangs, however busy the machine is. */
const wholeMs = (process.env.BOTHY_VM_FULL === "1" ? 20 : 3) * 60 * 60_000;

/** What booting a guest takes; the skip names what is missing. */
export function lacksGuests(): string | false {
  const programs = ["qemu-system-x86_64", "mmdebstrap", "mkfs.ext4", "setpriv", "npm"];
  const missing = [
    ...(process.arch === "x64" ? [] : ["an x86_64 processor"]),
    ...programs.filter((name) => findProgram(name) === undefined),
  ];
  return (
    requireFeature("root", process.getuid?.() === 0) ||
    (requireFeature("vm", missing.length === 0) && `this machine lacks ${missing.join(", ")}`)
  );
}

/** A part of a set: tests of one guest, one after the other. */
export type Part = (t: TestContext, machine: Machine) => Promise<void>;

/**
 * Boots the guest and runs the parts in it as one test with many below it.
 * @param disks made when they are needed, for the guest to mount by their labels
 */
export function onGuest(
  name: string | undefined,
  disks: () => Promise<readonly string[]>,
  parts: readonly Part[],
): void {
  const guest = guestNamed(name);
  test(guest.title, { skip: lacksGuests(), timeout: wholeMs }, async (t) => {
    const begunAt = Date.now();
    await using machine = await Machine.boot(guest, await disks());
    // Whoever waits for an answer is told then that there will be none.
    t.signal.addEventListener("abort", () => void machine[Symbol.asyncDispose]());
    t.diagnostic(`${guest.title}: ${await machine.must("uname -r; systemctl --version | head -n 1")}`);
    t.diagnostic(`booted after ${Math.round((Date.now() - begunAt) / 1000)} s`);
    try {
      for (const part of parts) await part(t, machine);
    } finally {
      t.diagnostic(`${guest.title}: done after ${Math.round((Date.now() - begunAt) / 1000)} s`);
    }
  });
}

/** A sentence and how it is shown. When it fails, what the daemon logged last is told. @param skip the reason why it is left out */
export async function shows(
  t: TestContext,
  machine: Machine,
  sentence: string,
  show: () => Promise<void>,
  skip: string | false = false,
): Promise<void> {
  await t.test(sentence, { skip }, async (inner) => {
    try {
      await show();
    } catch (error) {
      const lines = "journalctl --unit bothyd --lines 40 --output cat --no-pager | cut -c 1-400";
      inner.diagnostic(
        (await machine.run(`${lines} | grep -E '^[^ ]+ (warning|error) |^bothyd|systemd' | tail -n 12`)).stdout,
      );
      throw error;
    }
  });
}

/** The same of what `npm test` has no time for, since a command takes seconds by emulation; `npm run test:vm` and `npm run test:long` ask it. */
export const showsAtLength = (
  t: TestContext,
  machine: Machine,
  sentence: string,
  show: () => Promise<void>,
): Promise<void> => shows(t, machine, sentence, show, process.env.BOTHY_VM_GUEST === undefined && onlyLong());

const ask = "curl -sS --unix-socket /var/lib/bothy/unix.socket";

/**
 * Runs a command in a container, by the API: the command `bothy` takes seconds to start where the processor is emulated.
 * @returns its standard output without blanks around it @throws Error with what the daemon and the command said when it does not leave with 0
 */
export function inside(machine: Machine, name: string, script: string, seconds?: number): Promise<string> {
  const body = JSON.stringify({ command: ["sh", "-c", script], "record-output": true });
  return machine.must(
    `answer=$(base64 -d <<<${Buffer.from(body).toString("base64")} | ${ask} -d @- http://bothy/1.0/instances/${name}/exec)
operation=$(grep -o '/1.0/operations/[0-9a-f-]*' <<<"$answer" | head -n 1)
[ -z "$operation" ] || answer=$(${ask} "http://bothy$operation/wait")
output=$(grep -o '/1.0/instances/[^"]*[.]stdout' <<<"$answer" | head -n 1)
[ -z "$output" ] || ${ask} "http://bothy$output"
grep -q '"return":0[,}]' <<<"$answer" || { echo "$answer" >&2; ${ask} "http://bothy\${output%stdout}stderr" >&2; exit 1; }`,
    seconds,
  );
}

/** Asks for a change by the API, and waits for the operation. @throws Error with what the daemon said when it does not come about */
export function change(machine: Machine, method: "POST" | "PUT", path: string, body: object): Promise<string> {
  const text = Buffer.from(JSON.stringify(body)).toString("base64");
  return machine.must(
    `answer=$(base64 -d <<<${text} | ${ask} -X ${method} -d @- 'http://bothy${path}')
operation=$(grep -o '/1.0/operations/[0-9a-f-]*' <<<"$answer" | head -n 1)
[ -z "$operation" ] || answer=$(${ask} "http://bothy$operation/wait")
grep -q '"err":""' <<<"$answer" || { echo "$answer" >&2; exit 1; }`,
  );
}

/** Answer of a GET of the API. */
export async function get(machine: Machine, path: string): Promise<unknown> {
  const text = await machine.must(`${ask} 'http://bothy${path}'`);
  const { type, metadata, error } = JSON.parse(text) as { type: string; metadata: unknown; error?: string };
  assert.equal(type, "sync", `${path}: ${error}`);
  return metadata;
}

/** Host's pid of a container's first process; 0 when it does not run. */
export async function pidOf(machine: Machine, name: string): Promise<number> {
  return ((await get(machine, `/1.0/instances/${name}/state`)) as { pid: number }).pid;
}

/** Waits until the daemon answers, as it does some time after its process was started. */
export const daemonAnswers = (machine: Machine): Promise<string> =>
  machine.must(
    "until curl -sSf --unix-socket /var/lib/bothy/unix.socket http://bothy/1.0 >/dev/null 2>&1; do sleep 0.2; done",
  );

/** A value of the daemon's unit, as systemd shows it. */
export const unitShows = (machine: Machine, property: string): Promise<string> =>
  machine.must(`systemctl show bothyd --property ${property} --value`);
