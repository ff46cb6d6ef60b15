/**
 * TPM emulator: a process of swtpm for one device of one container. It answers behind a TPM of the kernel's making (tpm_vtpm_proxy), outlives the daemon, as the
 * container does, and is found again by its pid file.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { ignoring, readText } from "../../../platform/folders/files";
import { type Roots, textIn } from "../../../platform/hardware/files";
import { loadModules } from "../../../platform/host/modules";
import { commandOf, hasEnded as isGone, send, startTimeOf } from "../../../platform/processes/others";

/** It tells its node some milliseconds after its start; a new TPM is made first, with keys of its own. */
const longestStartMs = 20_000;
const lookEveryMs = 5;

const kernelModule = "tpm_vtpm_proxy";

/** The kernel lets nobody else have it make a TPM. */
const capabilities = ["sys_admin"];

const pidFileOf = (folder: string): string => path.join(folder, "pid");
const outputOf = (folder: string): string => path.join(folder, "log");
const stateOf = (folder: string): string => path.join(folder, "state");

export interface TpmNodes {
  /** Type and numbers, such as "c 10:224". */
  readonly direct: string;
  /** By way of the kernel's resource manager. */
  readonly managed: string;
}

/** Says what this host lacks. @throws ApiError BAD_REQUEST in LXD's words */
export async function requireEmulator(): Promise<void> {
  if (findProgram("swtpm") === undefined)
    throw badRequest("Failed to validate environment: Required tool 'swtpm' is missing. Install the package swtpm");
  try {
    await loadModules([kernelModule]);
  } catch (error) {
    throw badRequest(
      `Failed to validate environment: Failed to load kernel module "${kernelModule}": this host's kernel cannot have emulated TPMs in containers`,
      { cause: error },
    );
  }
}

/** The process, or nothing when it has ended: the pid may have come to be somebody else's. */
async function findEmulator(folder: string): Promise<{ readonly pid: number; readonly startTime: string } | undefined> {
  const pid = Number(((await readText(pidFileOf(folder))) ?? "").trim());
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const [program = "", ...args] = commandOf(pid);
  const startTime = startTimeOf(pid);
  const isOurs = path.basename(program) === "swtpm" && args.includes(`dir=${stateOf(folder)}`);
  return isOurs && startTime !== undefined ? { pid, startTime } : undefined;
}

/** Starts it, or finds it when it runs. @param folder of this device alone @throws ApiError INTERNAL when it makes no TPM; nothing is left of it then */
export async function startEmulator(roots: Roots, folder: string): Promise<TpmNodes> {
  const isRunning = (await findEmulator(folder)) !== undefined;
  if (!isRunning) await mkdir(stateOf(folder), { recursive: true, mode: 0o700 });
  const launched = isRunning ? undefined : launch(folder);
  try {
    for (const end = Date.now() + longestStartMs; ; await delay(lookEveryMs)) {
      const said = (await readText(outputOf(folder))) ?? "";
      const [, number] = /New TPM device: \/dev\/tpm(\d+) /.exec(said) ?? [];
      const nodes = number === undefined ? undefined : await nodesOf(roots, number);
      // Who comes next finds it by its pid file.
      if (nodes !== undefined && (await findEmulator(folder)) !== undefined) return nodes;
      if (Date.now() > end || launched?.hasEnded())
        throw internal(
          `Cannot start the program swtpm: it made no TPM. It said: ${said.trim().slice(-500) || "nothing"}`,
        );
    }
  } catch (error) {
    launched?.kill();
    await endEmulator(folder);
    throw error;
  }
}

interface Launched {
  /** Whether it has ended by now, or was never there. */
  hasEnded(): boolean;
  kill(): void;
}

function launch(folder: string): Launched {
  const only = capabilities.map((name) => `,+${name}`).join("");
  const weak = ["setpriv", "--no-new-privs", "--inh-caps=-all", `--bounding-set=-all${only}`, "--"];
  const files = ["--tpmstate", `dir=${stateOf(folder)}`, "--pid", `file=${pidFileOf(folder)}`];
  const output = openSync(outputOf(folder), "w", 0o600);
  try {
    const child = spawn(
      "unshare",
      ["--net", "--ipc", "--uts", "--", ...weak, "swtpm", "chardev", "--tpm2", "--vtpm-proxy", ...files],
      {
        stdio: ["ignore", output, output],
        detached: true,
        cwd: "/",
        env: { PATH: process.env.PATH, LC_ALL: "C" },
      },
    );
    let hasFailed = false;
    child.once("error", () => {
      hasFailed = true;
    });
    child.unref();
    return {
      hasEnded: () => hasFailed || child.exitCode !== null || child.signalCode !== null,
      kill: () => void child.kill("SIGKILL"),
    };
  } finally {
    closeSync(output);
  }
}

/** Numbers are the kernel's to choose, and those of a first TPM are of another family than the next ones'. */
async function nodesOf(roots: Roots, number: string): Promise<TpmNodes | undefined> {
  const read = (kind: string) => textIn(path.join(roots.sys, "class", kind, `${kind}${number}`), "dev");
  const [direct, managed] = await Promise.all([read("tpm"), read("tpmrm")]);
  return direct === undefined || managed === undefined
    ? undefined
    : { direct: `c ${direct.trim()}`, managed: `c ${managed.trim()}` };
}

/** Ends it; its TPM goes with it and what that keeps stays. None being there is not an error. */
export async function endEmulator(folder: string): Promise<void> {
  const found = await findEmulator(folder);
  if (found !== undefined) {
    send(found.pid, "SIGTERM");
    if (!(await isGone(found.pid, found.startTime))) send(found.pid, "SIGKILL");
  }
  await ignoring(["ENOENT", "ENOTDIR"], rm(pidFileOf(folder), { force: true }));
}
