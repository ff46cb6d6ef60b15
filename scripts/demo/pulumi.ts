/** Pulumi: the real command on a program in a folder of ours, and what its events tell. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { EngineEvent, OpType, StepEventMetadata } from "@pulumi/pulumi/automation";

const stack = "demo";

export interface Run {
  /** How many resources each kind of step touched, those that stayed the same left out. */
  readonly changes: Partial<Record<OpType, number>>;
  /** The steps of resources of ours, in order of their end. */
  readonly steps: readonly StepEventMetadata[];
}

export interface PulumiOptions {
  /** Folder of the program; Pulumi's files about the stack go there, too. */
  readonly workDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears every line of output. */
  readonly onLine: (line: string) => void;
}

export class Pulumi {
  #child: ChildProcess | undefined;

  constructor(private readonly options: PulumiOptions) {}

  /** Makes the stack. */
  async init(): Promise<void> {
    await this.#run(["stack", "init", stack]);
  }

  preview(...flags: string[]): Promise<Run> {
    return this.#withEvents(["preview", ...flags]);
  }

  up(...flags: string[]): Promise<Run> {
    return this.#withEvents(["up", "--yes", "--skip-preview", ...flags]);
  }

  refresh(): Promise<Run> {
    return this.#withEvents(["refresh", "--yes", "--skip-preview"]);
  }

  destroy(): Promise<Run> {
    return this.#withEvents(["destroy", "--yes", "--skip-preview"]);
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.#run(["stack", "output", "--json", "--stack", stack])) as Record<string, unknown>;
  }

  /** Ends a command that runs, at once. Its plugins are of the scene's processes. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  async #withEvents(args: readonly string[]): Promise<Run> {
    const log = path.join(this.options.workDir, "events.json");
    await this.#run([...args, "--stack", stack, "--non-interactive", "--event-log", log]);
    const events = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as EngineEvent);
    rmSync(log);
    const { same: _, ...changes } =
      events.find(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
    const last = new Map<string, StepEventMetadata>();
    for (const { resOutputsEvent, resourcePreEvent } of events) {
      const step = (resOutputsEvent ?? resourcePreEvent)?.metadata;
      if (step !== undefined && !step.type.startsWith("pulumi:")) last.set(step.urn, step);
    }
    const steps = [...last.values()].filter(({ op }) => op !== "same");
    return { changes, steps };
  }

  /** @returns its standard output @throws Error with all of its output when it fails */
  async #run(args: readonly string[]): Promise<string> {
    const { workDir, env, onLine } = this.options;
    const child = spawn("pulumi", [...args, "--color", "never"], {
      cwd: workDir,
      // The flag --event-log is one of the debugging flags.
      env: { ...env, PULUMI_DEBUG_COMMANDS: "true" },
      stdio: ["ignore", "pipe", "pipe"],
      // An interrupt at the terminal is for the demo, which then ends everything in order.
      detached: true,
    });
    this.#child = child;
    const said: string[] = [];
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => {
        said.push(line);
        onLine(line);
      });
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code !== 0)
      throw new Error(`"pulumi ${args[0]}" ended with ${signal ?? `exit code ${code}`}:\n${said.join("\n").trim()}`);
    return output;
  }
}
