/** Machine: a guest under qemu, by KVM where there is one and by emulation elsewhere. What it writes is thrown away. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { accelerator } from "./accelerator";
import { Agent, type Said } from "./agent";
import { runFolder } from "./cache";
import { appDisk, rootDisk } from "./disks";
import type { Guest } from "./guests";

/** How long a boot may take on a busy machine before it counts as failed. */
const bootSeconds = 1500;
/** What a script may take, unless it says more. */
const scriptSeconds = 120;
/** Between the guest's own end of a script and ours. */
const graceSeconds = 60;
const consoleLines = 60;

export class Machine implements AsyncDisposable {
  #bootId = "";

  private constructor(
    readonly guest: Guest,
    private readonly folder: string,
    private readonly qemu: ChildProcess,
    private readonly agent: Agent,
  ) {}

  /** Makes what is missing of its disks, boots it and waits until it has booted. @param disks more disks, read-only, known to the guest by their labels */
  static async boot(guest: Guest, disks: readonly string[] = []): Promise<Machine> {
    const folder = runFolder(guest.name);
    const at = (name: string) => path.join(folder, name);
    const command = await qemuCommand(guest, folder, disks, [
      ...["-monitor", "none", "-serial", `file:${at("console")}`],
    ]);
    const qemu = startQemu(command, folder, ["ignore", "ignore", "pipe"]);
    let complaint = "";
    qemu.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4000);
    });
    try {
      const agent = await Agent.connect(at("agent"), () => qemu.exitCode !== null || qemu.signalCode !== null);
      const machine = new Machine(guest, folder, qemu, agent);
      await machine.#booted();
      return machine;
    } catch (error) {
      const text = existsSync(at("console")) ? readFileSync(at("console"), "utf8") : "";
      qemu.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`${guest.title} does not boot: ${(error as Error).message}\n${complaint}${lastLines(text)}`);
    }
  }

  /** Waits for a boot that is not the last one, to its end. */
  async #booted(): Promise<void> {
    this.#bootId = await this.#within(this.agent.ready(this.#bootId), bootSeconds, "boot");
    const { stdout } = await this.run("systemctl is-system-running --wait", bootSeconds);
    if (stdout.trim() !== "running") {
      const { stdout: failed } = await this.run("systemctl --failed --no-legend --plain");
      throw new Error(`Its system is "${stdout.trim()}": ${failed}`);
    }
  }

  /**
   * Runs a script by bash, as root in /root.
   * @param seconds after which the guest ends it, with code 124
   * @throws Error with the console's last lines when the machine does not answer
   */
  run(script: string, seconds = scriptSeconds): Promise<Said> {
    return this.#within(this.agent.run(script, seconds), seconds + graceSeconds, "answer");
  }

  /** Runs a script that has to end well. @returns its standard output without blanks around it @throws Error with what it said */
  async must(script: string, seconds = scriptSeconds): Promise<string> {
    const { code, stdout, stderr } = await this.run(`set -e\n${script}`, seconds);
    if (code !== 0) throw new Error(`Left with ${code}: ${script}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Reboots it as its administrator would, and waits until it has booted again. */
  async reboot(): Promise<void> {
    // Its answer may be lost with the system that gives it.
    void this.agent.run("systemctl reboot", scriptSeconds);
    await this.#booted();
  }

  /** What the kernel and systemd said on the serial line. */
  console(): string {
    return readFileSync(path.join(this.folder, "console"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.close();
    const end = once(this.qemu, "exit");
    if (this.qemu.exitCode === null && this.qemu.signalCode === null) {
      this.qemu.kill("SIGKILL");
      await end;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @throws Error when the machine ends or the time does */
  async #within<T>(work: Promise<T>, seconds: number, what: string): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    try {
      return await Promise.race([
        work,
        once(this.qemu, "exit", { signal }).then(() => this.#fail("it ended")),
        delay(seconds * 1000, undefined, { signal }).then(() => this.#fail(`no ${what} within ${seconds} s`)),
      ]);
    } finally {
      over.abort();
    }
  }

  #fail(why: string): never {
    throw new Error(`${this.guest.title}: ${why}. Its console said last:\n${lastLines(this.console())}`);
  }
}

/**
 * Makes what is missing of a guest's disks. @param folder for the socket "agent" of scripts/vm/agent.ts
 * @param disks more disks, read-only @param serial where the serial line and qemu's monitor are
 * @returns qemu's arguments
 */
export async function qemuCommand(
  guest: Guest,
  folder: string,
  disks: readonly string[],
  serial: readonly string[],
): Promise<readonly string[]> {
  const root = await rootDisk(guest);
  const drives = [`file=${root.disk},format=raw,if=none,id=d0,snapshot=on`];
  for (const file of [await appDisk(), ...disks])
    drives.push(`file=${file},format=raw,if=none,id=d${drives.length},readonly=on`);
  const words = [
    ...["root=LABEL=root", "rw", "console=ttyS0", "panic=5", "quiet"],
    // By emulation on a busy machine a disk may be found late.
    ...["systemd.default_timeout_start_sec=1200", "systemd.default_device_timeout_sec=1200"],
    ...guest.kernelWords,
  ];
  return [
    ...["-nodefaults", "-display", "none", "-nic", "none", ...serial],
    ...[...(await accelerator(root.kernel)), "-smp", "2", "-m", String(guest.memoryMiB)],
    ...["-kernel", root.kernel, "-initrd", root.initrd, "-append", words.join(" ")],
    ...["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"],
    ...["-chardev", `socket,id=agent,path=${path.join(folder, "agent")},server=on,wait=off`],
    ...["-device", "virtserialport,chardev=agent,name=bothy.agent"],
    ...(guest.hardware ?? []),
    ...drives.flatMap((drive, index) => ["-drive", drive, "-device", `virtio-blk-pci,drive=d${index}`]),
  ];
}

/** Starts it; it ends with this process. Its throw-away layer is a file without a name in the folder. */
export function startQemu(args: readonly string[], folder: string, stdio: StdioOptions): ChildProcess {
  const prefix = ["--pdeathsig", "KILL", "--", "qemu-system-x86_64"];
  return spawn("setpriv", [...prefix, ...args], { stdio, env: { ...process.env, TMPDIR: folder } });
}

const lastLines = (text: string): string =>
  text
    .replace(/\r/g, "")
    .replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "")
    .split("\n")
    .slice(-consoleLines)
    .join("\n");
