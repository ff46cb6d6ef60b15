/** Trial: a real container, made by a throw-away daemon beside the state folder, started and entered. Nothing is fetched, nothing stays. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeUserTree } from "../../sdk/host/namespaces";
import { bothydProgram, cellProgram } from "../../sdk/host/package";
import { findProgram } from "../../sdk/host/program";
import { currentUser, whatUserLacks } from "../../sdk/host/subordinate-ids";
import { ApiError, Client } from "../../sdk/index";
import type { Finding } from "./finding";

const subject = "trial: container";
const effect = "every container";
const name = "trial";
const innerProgram = "/bothy-cell";
const askPauseMs = 20;
/** A daemon that neither answers nor leaves in this time is none. */
const startLimitMs = 60_000;
const keptBytes = 2000;

/**
 * Tries it.
 * @param folder where the daemon keeps its state for a moment: on the file system that containers shall lie on
 * @param signal ends the trial, and not without taking away what it has made so far
 */
export async function containerFinding(folder: string, signal: AbortSignal): Promise<Finding> {
  signal.throwIfAborted();
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && whatUserLacks(currentUser()) !== undefined)
    return { subject, status: "unknown", found: "not tried", effect };
  const place = mkdtempSync(path.join(folder, ".bothy-doctor-"));
  const daemon = new ThrowAwayDaemon(path.join(place, "state"));
  try {
    await daemon.answers(signal);
    await tryContainer(daemon.client, signal);
    return { subject, status: "ok", found: "started and entered", effect };
  } catch (error) {
    signal.throwIfAborted();
    const found = error instanceof Error ? error.message : String(error);
    return { subject, status: "missing", found, effect, remedy: "Mend what is missing or off in this list" };
  } finally {
    await daemon.end();
    // What a user's daemon leaves is not all the user's own.
    if (isRoot) rmSync(place, { recursive: true, force: true });
    else removeUserTree(place);
  }
}

/** Makes an empty container, puts bothy-cell into it as its only program, and asks that from inside. @throws Error with the cause */
async function tryContainer(client: Client, signal: AbortSignal): Promise<void> {
  await makePool(client);
  const created = await client.createInstance({
    name,
    source: { type: "none" },
    config: { "raw.lxc": `lxc.init.cmd = ${innerProgram} idle`, "boot.host_shutdown_timeout": "0" },
    devices: { root: { type: "disk", path: "/", pool: name } },
  });
  await created.wait({ signal });
  await client.putFile(name, innerProgram, readFileSync(cellProgram), { mode: 0o755 });
  await (await client.setInstanceState(name, { action: "start" })).wait({ signal });
  const { code, stdout, stderr } = await client.execOutput(name, { command: [innerProgram, "probe", "/"], signal });
  const seen = code === 0 ? (JSON.parse(String(stdout)) as { uid?: number }) : {};
  if (seen.uid !== 0) throw new Error(`a command in it left with ${code}: ${stdout}${stderr}`);
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait({ signal });
  await (await client.deleteInstance(name)).wait({ signal });
}

/** The pool that a first start would choose, as far as it needs no disk of its own. */
async function makePool(client: Client): Promise<void> {
  const { environment } = (await client.getServer()).value;
  const drivers = (environment.storage_supported_drivers ?? []).map((driver) => driver.Name);
  await client.createStoragePool({ name, driver: drivers.includes("overlay") ? "overlay" : "dir", config: {} });
}

class ThrowAwayDaemon {
  readonly client: Client;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #said = "";
  #hasEnded = false;

  constructor(dir: string) {
    this.client = new Client({ endpoint: path.join(dir, "unix.socket") });
    const words = [bothydProgram, "--dir", dir, "--bare"];
    // If we are killed, it stops its container and leaves.
    if (findProgram("setpriv") !== undefined) words.unshift("setpriv", "--pdeathsig", "PWR", "--");
    const [command = "", ...args] = words;
    this.#child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-keptBytes);
    });
    this.#exit = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once("error", (error) => {
        this.#said = error.message;
        end();
      });
      this.#child.once("close", end);
    });
  }

  /** @throws Error with its own words when it leaves instead */
  async answers(signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; waitedMs < startLimitMs; waitedMs += askPauseMs) {
      if (this.#hasEnded) throw new Error(this.#lastWords());
      try {
        await this.client.getServer();
        return;
      } catch (error) {
        if (!ApiError.is(error) || error.code !== "UNAVAILABLE") throw error;
      }
      await sleep(askPauseMs, undefined, { signal });
    }
    throw new Error(`the daemon does not answer. ${this.#lastWords()}`);
  }

  /** Stops what it runs and ends it. */
  async end(): Promise<void> {
    await this.client.close();
    if (!this.#hasEnded) this.#child.kill("SIGPWR");
    await this.#exit;
  }

  #lastWords(): string {
    const lines = this.#said.trim().split("\n");
    return lines.findLast((line) => line.startsWith("bothyd: "))?.replace(/^bothyd: /, "") ?? lines.at(-1) ?? "";
  }
}
