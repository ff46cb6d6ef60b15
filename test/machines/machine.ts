/** Machine: a system that runs as a container of a test's daemon. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ConsoleSession } from "../../sdk/index";
import type { TestDaemon } from "../support/daemon";
import { slowness } from "../support/slowness";
import type { System } from "./systems";

const consoleMs = 20_000 * slowness;
const addressSeconds = 60 * slowness;
const rebootMs = 120_000 * slowness;

/** What a clean shutdown may take, in seconds; `npm test` runs beside much else, and asks only whether it ends. */
export const shutdownSeconds = (process.env.BOTHY_MACHINES === undefined ? 60 : 5) * slowness;

export class Machine {
  /** Whether something that was asked of it was not shown. */
  hasFailed = false;

  constructor(
    readonly daemon: TestDaemon,
    readonly system: System,
  ) {}

  get name(): string {
    return this.system.name;
  }

  get client() {
    return this.daemon.client;
  }

  /** Runs a script inside. @returns its output @throws AssertionError with its complaint when it fails */
  async run(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.client.execOutput(this.name, { command: ["sh", "-c", script] });
    assert.equal(code, 0, `${this.name}: ${script}: ${stdout}${stderr}`);
    return String(stdout).trim();
  }

  /** Makes it of an image. @param file of the image */
  async create(file: string): Promise<void> {
    const upload = await this.client.createImageFromFile(file);
    const { metadata } = await upload.wait();
    const source = { type: "image", fingerprint: String(metadata?.fingerprint) };
    await (await this.client.createInstance({ name: this.name, source, config: { "limits.memory": "512MiB" } })).wait();
  }

  async set(config: Record<string, string>): Promise<void> {
    await this.client.patchInstance(this.name, { config });
  }

  async setState(action: "start" | "stop", timeout = -1): Promise<void> {
    await (await this.client.setInstanceState(this.name, { action, timeout })).wait();
  }

  /** Waits until it has booted. @returns what is wrong with it, nothing when all is well */
  async faults(): Promise<string> {
    await this.run(this.system.booted);
    return await this.run(this.system.faults);
  }

  /** Waits for the address that it has asked for. @returns it */
  async address(): Promise<string> {
    const { network } = await this.client.waitInstance(this.name, { for: "ipv4", timeoutSeconds: addressSeconds });
    const found = network?.eth0?.addresses.find(({ family, scope }) => family === "inet" && scope === "global");
    assert.ok(found, JSON.stringify(network));
    return found.address;
  }

  /** Has it reboot itself, and waits for the next boot. */
  async reboot(): Promise<void> {
    const { pid } = await this.client.getInstanceState(this.name);
    // The command may end with the system that it runs in.
    await this.client.execOutput(this.name, { command: ["reboot"] });
    for (const end = Date.now() + rebootMs; ; await delay(50)) {
      const now = await this.client.getInstanceState(this.name);
      if (now.pid > 0 && now.pid !== pid) return;
      assert.ok(Date.now() < end, `${this.name} reboots`);
    }
  }

  /** A sentence about it, and how it is shown. */
  async shows(t: TestContext, sentence: string, show: (inner: TestContext) => Promise<void>): Promise<void> {
    await t.test(sentence, async (inner) => {
      try {
        await show(inner);
      } catch (error) {
        this.hasFailed = true;
        throw error;
      }
    });
  }

  async attach(): Promise<Attached> {
    return new Attached(await this.client.attachConsole(this.name));
  }
}

/** Somebody at the console. */
export class Attached {
  readonly #chunks: Buffer[] = [];

  constructor(private readonly session: ConsoleSession) {
    session.output.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  get said(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  /** Types a line, until it is answered; whoever prepares the terminal, such as getty, drops what came before. @throws AssertionError with what was said instead */
  async type(line: string, answer: RegExp): Promise<void> {
    const before = this.said.length;
    const heard = () => answer.test(this.said.slice(before));
    for (const end = Date.now() + consoleMs; !heard(); ) {
      assert.ok(Date.now() < end, `typed "${line}", heard ${JSON.stringify(this.said.slice(before))}`);
      this.session.input.write(`${line}\r`);
      for (let looks = 0; looks < 20 * slowness && !heard(); looks += 1) await delay(50);
    }
  }

  async leave(): Promise<void> {
    this.session.detach();
    await this.session.closed;
  }
}
