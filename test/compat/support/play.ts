/** Plays a script: with PEER=lxd its outcomes become the transcript, else bothyd's are compared with it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../../sdk/host/package";
import { complaintsOf, readDifferences } from "./differences";
import { flatten, linesOf, mask } from "./mask";
import { environmentOf, hasAll, type Peer, type Ran, runInside, withPeer } from "./peer";
import { readScript, type Step } from "./script";
import { formatTranscript, type Outcome, parseTranscript } from "./transcript";

export interface Client {
  /** Names the transcript, the differences, and the script where that has no name of its own. */
  readonly name: string;
  /** A script that several clients share, with the words that differ. */
  readonly script?: { readonly name: string; readonly fill: Readonly<Record<string, string>> };
  /** Prepares what the client needs in the peer's home. */
  prepare?(peer: Peer): void;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell before each step. */
  readonly prelude?: string;
  /** Makes the output of a step comparable, before masks. */
  present?(stdout: string): string;
}

/** Plays the script of a client whose steps are lines of shell. */
export const playScript = (client: Client): Promise<void> =>
  withPeer(async (peer) => {
    client.prepare?.(peer);
    const outcomes: Outcome[] = [];
    for (const step of readScript(client.script?.name ?? client.name, client.script?.fill)) {
      if (!(await hasAll(peer, step.needs))) continue;
      const ran = runInside(
        peer,
        ["sh", "-c", `${client.prelude ?? ""}\n${step.command}`],
        environmentOf(peer, client.env),
      );
      if (process.env.SHOW === "1") console.error(`$ ${step.command}\n${ran.code}\n${ran.stdout}\n${ran.stderr}`);
      if (!step.isHidden) outcomes.push(outcomeOf(peer, client, step, ran));
    }
    conclude(peer, client.name, outcomes);
  });

/** Plays a script whose steps are lines of Python, all of them in one process with pylxd. @param python the interpreter that has it */
export const playPython = (client: Client, python: string): Promise<void> =>
  withPeer(async (peer) => {
    client.prepare?.(peer);
    const steps: Step[] = [];
    for (const step of readScript(client.name)) if (await hasAll(peer, step.needs)) steps.push(step);
    const runner = path.join(packageRoot, "test/compat/scripts/run-lines.py");
    const codes = JSON.stringify(steps.map(({ command }) => command));
    const ran = runInside(peer, [python, runner], environmentOf(peer, client.env), codes);
    assert.equal(ran.code, 0, `${ran.stderr}${ran.stdout}`);
    const told = JSON.parse(ran.stdout) as { value?: unknown; raises?: string }[];
    const outcomes = steps.map((step, index) => {
      const { value, raises } = told[index] ?? {};
      const stdout = raises ?? (value === undefined ? "" : flatten(value).join("\n"));
      return outcomeOf(peer, { name: client.name }, step, { code: raises === undefined ? 0 : 1, stdout, stderr: "" });
    });
    conclude(
      peer,
      client.name,
      outcomes.filter((_, index) => !steps[index]?.isHidden),
    );
  });

function outcomeOf(peer: Peer, client: Client, step: Step, ran: Ran): Outcome {
  const code = ran.code === 0 ? [] : [`exit ${ran.code}`];
  if (step.isCodeOnly) return { step: step.name, lines: code };
  const stdout = client.present?.(ran.stdout) ?? ran.stdout;
  let lines = [
    ...linesOf(mask(stdout, placesOf(peer), step.masks)),
    ...linesOf(mask(ran.stderr, placesOf(peer), step.masks)).map((line) => `! ${line}`.trimEnd()),
  ];
  const { rows } = step;
  if (rows !== undefined) lines = lines.filter((line) => rows.test(line));
  if (step.isSorted) lines.sort();
  return { step: step.name, lines: [...code, ...lines] };
}

/** What of this run stands in outputs, longest first. */
export const placesOf = (peer: Peer): [string, string][] => [
  [peer.socket, "SOCKET"],
  [peer.dir, "DIR"],
  [peer.home, "HOME"],
];

/** Keeps what LXD came to, or compares with it. */
export function conclude(peer: Peer, name: string, outcomes: readonly Outcome[]): void {
  const file = path.join(packageRoot, "test/compat/transcripts", `${name}.txt`);
  if (peer.isLxd) {
    writeFileSync(file, formatTranscript(outcomes));
    return;
  }
  const { OUTCOMES: folder } = process.env;
  if (folder !== undefined) writeFileSync(path.join(folder, `${name}.txt`), formatTranscript(outcomes));
  const recorded = parseTranscript(readFileSync(file, "utf8"));
  const complaints = complaintsOf(name, recorded, outcomes, readDifferences());
  assert.ok(
    complaints.length === 0,
    `bothyd and LXD differ; mend bothyd, or give a reason in test/compat/differences.yaml:\n${complaints.join("\n")}`,
  );
}
