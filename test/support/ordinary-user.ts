/** Ordinary user: an account of this machine that a test makes, with ids of its own for containers, and takes away again with all that is its. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { OwnDaemon } from "../../scripts/scene/daemon";
import { Netns } from "../../scripts/scene/netns";
import { cellProgram } from "../../sdk/host/package";
import { until } from "./until";

const execute = promisify(execFile);
const idCount = 65536;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class OrdinaryUser implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly uid: number,
    readonly gid: number,
    /** First subordinate id; 0 for a user without any. */
    readonly firstId: number,
    private readonly base: string,
    private readonly lingers: boolean,
  ) {}

  /** Whether its processes go on without a login; waits for its service manager. */
  async #linger(): Promise<void> {
    await execute("loginctl", ["enable-linger", this.name]);
    await until(async () => existsSync(path.join(this.runtimeDir, "systemd", "private")));
  }

  /** @param ids whether root has given it any @param lingers whether it has a service manager of its own, as one who has logged in */
  static async create({ ids = true, lingers = false } = {}): Promise<OrdinaryUser> {
    const base = mkdtempSync(path.join(tmpdir(), "bothy-user-"));
    chmodSync(base, 0o711);
    const name = `bothy${path.basename(base).slice(-6).toLowerCase()}${process.pid % 1000}`;
    const noIds = ["-K", "SUB_UID_COUNT=0", "-K", "SUB_GID_COUNT=0"];
    await execute("useradd", ["--create-home", "--base-dir", base, "--no-log-init", ...noIds, name]);
    const idOf = async (flag: string) => Number((await execute("id", [flag, name])).stdout);
    const [uid, gid] = [await idOf("-u"), await idOf("-g")];
    // Far from what others have, and another range for each.
    const firstId = ids ? 0x30000000 + uid * idCount : 0;
    const range = `${firstId}-${firstId + idCount - 1}`;
    if (ids) await execute("usermod", ["--add-subuids", range, "--add-subgids", range, name]);
    const user = new OrdinaryUser(name, uid, gid, firstId, base, lingers);
    if (lingers) await user.#linger();
    else mkdirSync(user.runtimeDir, { mode: 0o700 });
    execFileSync("chown", [`${uid}:${gid}`, user.runtimeDir]);
    // As most distributions have it.
    chmodSync(user.home, 0o700);
    return user;
  }

  get home(): string {
    return path.join(this.base, this.name);
  }

  get runtimeDir(): string {
    return this.lingers ? `/run/user/${this.uid}` : path.join(this.base, "run");
  }

  get stateDir(): string {
    return path.join(this.home, ".local", "share", "bothy");
  }

  get env(): Record<string, string> {
    return {
      HOME: this.home,
      USER: this.name,
      LOGNAME: this.name,
      PATH: "/usr/local/bin:/usr/bin:/bin",
      XDG_RUNTIME_DIR: this.runtimeDir,
      TMPDIR: "/tmp",
    };
  }

  /** The words that make a command this user's, in an environment of its own. */
  get words(): string[] {
    const ids = ["--reuid", String(this.uid), "--regid", String(this.gid), "--init-groups"];
    return ["setpriv", ...ids, "--", "env", "-i", ...Object.entries(this.env).map(([key, value]) => `${key}=${value}`)];
  }

  /** Runs a command as this user to its end. @param env more of it */
  run(
    command: readonly string[],
    { netns, env = {} }: { netns?: Netns; env?: Record<string, string> } = {},
  ): Promise<Outcome> {
    const outside = netns === undefined ? [] : ["nsenter", "--target", String(netns.pid), "--net", "--"];
    const more = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const [program = "", ...args] = [...outside, ...this.words, ...more, ...command];
    const child = spawn(program, args, { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, ...said }));
    });
  }

  /** Living processes of this user and of its containers. */
  processes(): number[] {
    const isOurs = (id: number) =>
      id === this.uid || (this.firstId > 0 && id >= this.firstId && id < this.firstId + idCount);
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        const status = readStatus(pid);
        const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
        return uid !== undefined && isOurs(Number(uid)) && !/^State:\s+[ZX]/m.test(status);
      });
  }

  /** The processes that are left after a while, with what they are. */
  async leftovers(): Promise<string[]> {
    for (let tries = 0; tries < 100 && this.processes().length > 0; tries += 1) await delay(50);
    return this.processes().map((pid) => `${pid} ${readStatus(pid).split("\n")[0] ?? ""}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lingers) {
      await execute("loginctl", ["disable-linger", this.name]);
      await execute("systemctl", ["stop", `user@${this.uid}.service`]);
    }
    for (let tries = 0; tries < 40 && this.processes().length > 0; tries += 1) {
      for (const pid of this.processes()) kill(pid);
      await delay(50);
    }
    await execute("userdel", ["--force", this.name]);
    execFileSync(cellProgram, ["remove", this.base]);
    if (existsSync(this.base)) rmSync(this.base, { recursive: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}

export interface UserScene {
  readonly user: OrdinaryUser;
  readonly daemon: OwnDaemon;
  /** What is the host's network to the user. */
  readonly netns: Netns;
}

const built = path.resolve(__dirname, "../..");
const isBundle = process.env.BOTHY_TEST_BUNDLE === "1";
export const daemonProgram = path.join(built, isBundle ? "bundle/bothyd/start.js" : "daemon/start.js");
export const commandProgram = path.join(built, isBundle ? "bundle/bothy/start.js" : "cli/start.js");

interface SceneOptions {
  readonly bare?: boolean;
  readonly lingers?: boolean;
  /** Words that go before those by which the command becomes the user's. */
  readonly before?: readonly string[] | ((user: OrdinaryUser) => readonly string[]);
  /** Of the daemon's environment, beside the user's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Makes what the user's host is to have in its network. */
  readonly prepare?: (netns: Netns) => Promise<AsyncDisposable | undefined>;
}

/** Runs the work with the daemon of a user who is not root, in that user's own state folder, and shows that no process is left of it. */
export async function withUserDaemon(
  work: (scene: UserScene) => Promise<void>,
  { bare = true, before = [], env = {}, lingers = false, prepare = async () => undefined }: SceneOptions = {},
): Promise<void> {
  await using netns = await Netns.create();
  await using _surroundings = await prepare(netns);
  await using user = await OrdinaryUser.create({ lingers });
  const outside = typeof before === "function" ? before(user) : before;
  const more = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const command = [...outside, ...user.words, ...more, process.execPath, daemonProgram];
  // Of the user, who has to write it.
  const daemon = new OwnDaemon(user.stateDir, netns, { bare, command });
  try {
    await daemon.start();
    await work({ user, daemon, netns });
    await daemon.shutDown();
    // A service manager stays until the user goes.
    const left = lingers ? [] : await user.leftovers();
    if (left.length > 0) throw new Error(`Processes are left: ${left.join("; ")}`);
  } finally {
    if (process.env.KEEP === "1") process.stderr.write(daemon.log());
    if (daemon.isRunning) await daemon.kill();
    await daemon.client.close();
  }
}
