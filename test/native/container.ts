/** Containers for the tests: a root from the host's static busybox, and the operations that bring it up. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { type Connection, type Exited, filter, type Line, type Spawner, type Started, type Words } from "./client";

export const base = 100000;
export const count = 65536;
export const idmap: Words = [
  ["idmap-uid", 0, base, count],
  ["idmap-gid", 0, base, count],
];

/** Makes a root that belongs to uid 0 on disk. */
export function makeRoot(dir: string): string {
  for (const folder of ["bin", "dev", "proc", "sys", "tmp", "etc", "run", "root", "mnt"]) {
    fs.mkdirSync(path.join(dir, folder), { recursive: true });
  }
  fs.chmodSync(path.join(dir, "tmp"), 0o1777);
  fs.copyFileSync("/bin/busybox", path.join(dir, "bin/busybox"));
  for (const applet of execFileSync("/bin/busybox", ["--list"]).toString().trim().split("\n")) {
    if (applet !== "busybox") fs.symlinkSync("busybox", path.join(dir, "bin", applet));
  }
  fs.writeFileSync(path.join(dir, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n");
  fs.writeFileSync(path.join(dir, "etc/group"), "root:x:0:\ntty:x:5:\nuser:x:1000:\n");
  return dir;
}

/** The mounts of docs/native-protocol.md's busybox recipe. */
export const mounts: Words = [
  ["mount", "tmpfs", "none", "/dev", "nosuid,strictatime", "mode=755,size=500k"],
  ["null", "zero", "full", "random", "urandom", "tty"].map((name) => ["dev", name]),
  ["devpts"],
  ["console"],
  ["symlink", "/proc/self/fd", "/dev/fd"],
  ["stdin", "stdout", "stderr"].map((name, fd) => ["symlink", `/proc/self/fd/${fd}`, `/dev/${name}`]),
  ["mount", "mqueue", "mqueue", "/dev/mqueue", "nosuid,nodev,noexec,optional", ""],
  ["mount", "tmpfs", "none", "/dev/shm", "nosuid,nodev", "mode=1777"],
  ["mount", "proc", "proc", "/proc", "nosuid,nodev,noexec", ""],
  ["mount", "sysfs", "sysfs", "/sys", "ro,nosuid,nodev,noexec", ""],
  ["mask", "/proc/kcore"],
  ["mask", "/proc/keys"],
  ["mask", "/proc/timer_list"],
  ["mask", "/sys/firmware"],
  ["readonly", "/proc/sys"],
];

export interface Options {
  root: Words;
  /** id map lines; [] for a privileged container */
  map?: Words;
  host?: Words;
  inside?: Words;
  mounts?: Words;
  command: readonly string[];
  seccomp?: string;
}

export class Container {
  started!: Started;
  #ended = false;

  private constructor(
    readonly spawner: Spawner,
    readonly control: string,
    readonly watch: Connection,
    readonly map: Words,
  ) {}

  static words(control: string, options: Options): Words {
    return [
      "start",
      ["name", path.basename(control)],
      ["control", control],
      ["console-log", path.join(control, "console.log"), 65536],
      options.map ?? idmap,
      options.root,
      options.host ?? [],
      ["seccomp", filter(options.seccomp ?? "default")],
      ["hostname", path.basename(control)],
      options.mounts ?? mounts,
      options.inside ?? [],
      ["env", "PATH=/bin"],
      options.command.map((word) => ["arg", word]),
    ];
  }

  static async start(spawner: Spawner, name: string, options: Options): Promise<Container> {
    const control = path.join(spawner.dir, name);
    fs.mkdirSync(control, { recursive: true });
    const watch = await spawner.request(...Container.words(control, options));
    const line = await watch.line();
    if (line.started === undefined) throw new Error(JSON.stringify(line));
    const self = new Container(spawner, control, watch, options.map ?? idmap);
    self.started = line.started;
    spawner.cleanups.push(() => self.#end());
    return self;
  }

  get target(): Words {
    return ["target", this.started.pid, this.started.startTime];
  }

  /** Ends it if a test has not. */
  async #end(): Promise<void> {
    if (!this.#ended) await this.kill().catch(() => undefined);
    this.watch.close();
  }

  /** Waits for the end. */
  async exited(): Promise<Exited> {
    const line = await this.watch.line();
    this.#ended = true;
    if (line.exited === undefined) throw new Error(JSON.stringify(line));
    return line.exited;
  }

  async kill(): Promise<Exited> {
    this.watch.write("kill\n");
    return await this.exited();
  }

  consoleLog(): string {
    return fs.readFileSync(path.join(this.control, "console.log"), "utf8").replaceAll("\r", "");
  }

  /** Runs a command with pipes and collects what it prints. */
  async exec(
    command: readonly string[],
    options: { stdin?: string | Buffer; words?: Words; seccomp?: string } = {},
  ): Promise<{ stdout: string; stderr: string; exited: Exited | undefined; line: Line }> {
    const connection = await this.spawner.request(
      "exec",
      this.target,
      this.map,
      ["stdin", "pipe"],
      ["stdout", "pipe"],
      ["stderr", "pipe"],
      ["seccomp", filter(options.seccomp ?? "default")],
      ["env", "PATH=/bin"],
      options.words ?? [],
      command.map((word) => ["arg", word]),
    );
    const first = await connection.line();
    if (first.ready === undefined) return { stdout: "", stderr: "", exited: undefined, line: first };
    const { stdin, stdout, stderr } = openStreams(first.ready);
    connection.write("go\n");
    stdin.on("error", () => undefined);
    stdin.end(options.stdin ?? "");
    const [out, err] = await Promise.all([collect(stdout!), collect(stderr!)]);
    let line = await connection.line();
    if (line.running !== undefined) line = await connection.line();
    connection.close();
    return { stdout: out, stderr: err, exited: line.exited, line };
  }

  /** The standard output of a shell script, trimmed. */
  async sh(script: string): Promise<string> {
    return (await this.exec(["sh", "-c", script])).stdout.trim();
  }
}

export function openStreams(ready: { pid: number; fds: Record<string, number> }) {
  const name = (fd: string) => `/proc/${ready.pid}/fd/${ready.fds[fd]}`;
  return {
    stdin: fs.createWriteStream("", { fd: fs.openSync(name("0"), "w") }),
    stdout: ready.fds["1"] === undefined ? undefined : fs.createReadStream("", { fd: fs.openSync(name("1"), "r") }),
    stderr: ready.fds["2"] === undefined ? undefined : fs.createReadStream("", { fd: fs.openSync(name("2"), "r") }),
  };
}

export async function collect(stream: fs.ReadStream): Promise<string> {
  const parts: Buffer[] = [];
  stream.on("data", (part) => parts.push(part as Buffer));
  await once(stream, "close");
  return Buffer.concat(parts).toString();
}
