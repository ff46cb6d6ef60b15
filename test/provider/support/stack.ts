/**
 * Stack: a program in a folder of its own, run by the real engine against a daemon. An engine that runs a program itself
 * starts a Node process for it, which costs as much as all else of the run. Here the program runs in the test's process,
 * as the Automation API has it, unless the test asks for one of its own; the provider has its own in both ways.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { engineEnv } from "../../../scripts/scene/engine";
import { programFolder } from "./program";

/** What the engine would do or did to each resource that does not stay the same, by the resource's name. */
export type Steps = Record<string, string>;

export interface Ran {
  readonly steps: Steps;
  /** Everything that the console showed, without colours. */
  readonly output: string;
  readonly outputs: Record<string, unknown>;
  /** What went wrong, when it did. */
  readonly error?: string;
}

interface StateResource {
  readonly type: string;
  readonly id?: string;
  readonly initErrors?: readonly string[];
}

/** Processes that run the program for an engine. */
const languageHostsOf = (engine: number): number[] =>
  execFileSync("pgrep", ["-P", String(engine), "-f", "pulumi-language-nodejs"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);

/** Kills an engine that TestStack.start has started, and waits for its end. */
export async function killEngine(engine: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => engine.once("exit", () => resolve()));
  const hosts = languageHostsOf(engine.pid ?? 0);
  engine.kill("SIGKILL");
  await ended;
  // The engine's own helper does not notice its death; the provider does, or it would be found among what is left.
  for (const pid of hosts) process.kill(pid, "SIGKILL");
}

export class TestStack {
  /**
   * Whether the program gets a process of its own, as a user's. A test that asks how a program fails or what it prints wants
   * one: in a process of others, the failure of a read is lost.
   */
  inOwnProcess = false;

  private constructor(
    readonly stack: Stack,
    readonly folder: string,
    private readonly home: string,
    private readonly env: Record<string, string>,
  ) {}

  /**
   * Runs work with a stack of its own.
   * @param env what the engine and the program see beside this process's environment, such as BOTHY_ENDPOINT
   */
  static async with<T>(env: Record<string, string>, work: (stack: TestStack) => Promise<T>): Promise<T> {
    const home = mkdtempSync(path.join(tmpdir(), "bothy-pulumi-"));
    using program = programFolder();
    try {
      mkdirSync(path.join(home, "state"));
      writeFileSync(path.join(program.path, "Pulumi.yaml"), "name: app\nruntime: nodejs\nmain: index.js\n");
      const envVars = { ...engineEnv(home), PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, ...env };
      const stack = await LocalWorkspace.createStack(
        { stackName: "test", workDir: program.path },
        { envVars, pulumiHome: home },
      );
      // An `up` of the Automation API asks in three more processes for outputs and history; the engine's events tell them.
      Object.assign(stack, { outputs: async () => ({}), info: async () => undefined });
      return await work(new TestStack(stack, program.path, home, envVars));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }

  /** Runs the program's file here. @returns what it exports */
  readonly #runHere = async (): Promise<Record<string, unknown>> => {
    const require = createRequire(path.join(this.folder, "index.js"));
    delete require.cache[require.resolve("./index.js")];
    return require("./index.js") as Record<string, unknown>;
  };

  /** Makes this the program. @param source JavaScript after the lines that load pulumi and bothy */
  program(source: string): void {
    const head = 'const pulumi = require("@pulumi/pulumi");\nconst bothy = require("bothy");\n';
    writeFileSync(path.join(this.folder, "index.js"), `${head}${source}`);
  }

  /** Starts `pulumi COMMAND` as a user does, so that it can be killed or interrupted. */
  start(...command: string[]): ChildProcess {
    return spawn("pulumi", [...command, "--stack", "test", "--non-interactive"], {
      cwd: this.folder,
      env: { ...process.env, ...this.env },
      stdio: "ignore",
    });
  }

  /** Sets configuration that is no secret, by its whole keys, in the stack's file: `pulumi config set` takes half a processor second for each. */
  async configure(values: Record<string, string>): Promise<void> {
    const { workspace, name } = this.stack;
    const settings = await workspace.stackSettings(name);
    await workspace.saveStackSettings(name, { ...settings, config: { ...settings.config, ...values } });
  }

  preview = (source?: string): Promise<Ran> => this.#run("preview", source);
  up = (source?: string): Promise<Ran> => this.#run("up", source);
  /** Rejects unless a preview finds nothing to do. */
  noChanges = async (): Promise<void> => assert.deepEqual((await this.must(this.preview())).steps, {});
  refresh = (): Promise<Ran> => this.#run("refresh");
  destroy = (): Promise<Ran> => this.#run("destroy");

  /** Runs what is to fail, in a process of its own: what the engine cuts off of a program here would reject when its test is over. */
  async failing(verb: "preview" | "up" | "refresh" | "destroy", source?: string): Promise<Ran> {
    const before = this.inOwnProcess;
    this.inOwnProcess = true;
    try {
      return await this.#run(verb, source);
    } finally {
      this.inOwnProcess = before;
    }
  }

  /** Rejects when one of them failed. */
  async must(ran: Promise<Ran>): Promise<Ran> {
    const result = await ran;
    if (result.error !== undefined) throw new Error(result.error);
    return result;
  }

  /** The state as it lies on disk, secrets encrypted. */
  stateText = (): string => readFileSync(path.join(this.home, "state/.pulumi/stacks/app/test.json"), "utf8");

  /** The resources of the state. */
  resources(): StateResource[] {
    const { checkpoint } = JSON.parse(this.stateText()) as { checkpoint: { latest: { resources: StateResource[] } } };
    return checkpoint.latest.resources;
  }

  async #run(verb: "preview" | "up" | "refresh" | "destroy", source?: string): Promise<Ran> {
    if (source !== undefined) this.program(source);
    this.stack.workspace.program = this.inOwnProcess ? undefined : this.#runHere;
    const steps: Steps = {};
    const said: string[] = [];
    let outputs: Record<string, unknown> = {};
    const onEvent = ({ resourcePreEvent, resOutputsEvent, diagnosticEvent }: EngineEvent) => {
      if (diagnosticEvent) said.push(diagnosticEvent.message);
      const done = resOutputsEvent?.metadata;
      if (done?.type === "pulumi:pulumi:Stack") outputs = done.new?.outputs ?? {};
      // What a refresh comes to is known when it is done.
      const step = verb === "refresh" ? done : resourcePreEvent?.metadata;
      const name = step?.urn.split("::").at(-1) ?? "";
      if (step && !/^(same|read)$/.test(step.op) && !step.type.startsWith("pulumi:"))
        steps[name] = mergedStep(steps[name], step.op);
    };
    const options = {
      onEvent,
      onOutput: (text: string) => void said.push(text),
      onError: (text: string) => void said.push(text),
      color: "never" as const,
    };
    try {
      await this.stack[verb](options);
      return { steps, output: said.join(""), outputs };
    } catch (error) {
      return {
        steps,
        output: said.join(""),
        outputs: {},
        error: error instanceof Error ? error.message : String(error),
      };
    }
  }
}

/** A replacement is a creation and a deletion for the engine. */
const mergedStep = (before: string | undefined, op: string): string =>
  /replace/.test(op) || before === "replace" ? "replace" : op;
