/** BothyCell: the native layer for real, over the resident spawner (docs/native-protocol.md). */
import path from "node:path";
import type { Duplex, Readable } from "node:stream";
import * as z from "zod";
import { internal } from "../../../sdk/api/errors";
import type { Dirs } from "../folders/dirs";
import { readTextNow, removeFolderNow } from "../folders/files";
import type { Log } from "../log";
import type { Launched } from "../processes/launcher";
import { Slots } from "../processes/slots";
import { ProcessWatch } from "./await";
import { Cell, Exit, type RunningCell, type Target } from "./cell";
import type { CellConnection, Op } from "./connection";
import { Console } from "./console";
import { isGone, justEnded, orJustEnded } from "./ended";
import { ExecProcess } from "./exec";
import { deleteFile, type GotFile, getFile, type PutFile, putFile } from "./file";
import { type FolderProject, readFolderProject } from "./folder-project";
import { GuestGate } from "./guest-gate";
import { type Native, Silent } from "./native";
import { followNetState, type NetInterface, readNetState } from "./net-state";
import { Peers } from "./peers";
import { endProxy, hasProxy } from "./proxy";
import { requireGone } from "./removal";
import type { RootSource } from "./root-source";
import { beginSftp } from "./sftp";
import { Spawner } from "./spawner";
import { type FilePlace, type IdRange, idmapOps, rootOps } from "./words";

const targetOp = (target: Target): Op => ["target", target.pid, target.startTime];

const placeOps = (place: FilePlace): Op[] =>
  "target" in place ? [targetOp(place.target), ...idmapOps(place.ids), ...place.label] : rootOps(place.root, place.ids);

async function within(patienceMs: number, connection: CellConnection): Promise<Cell> {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    connection.close();
  }, patienceMs);
  try {
    return await Cell.from(connection);
  } catch (error) {
    throw isOver ? new Silent("its supervisor does not answer", { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What is told of a program's end, before what it has printed. */
const Ran = z.object({ exited: Exit, stderr: z.string(), stdout: z.number() });

/** Starts and looks that run at the same time: a list of hundreds must neither flood the spawner nor fork hundreds of helpers. */
const atOnce = 32;

export class BothyCell implements Native {
  readonly #atOnce = new Slots(atOnce);
  readonly #peers = new Peers(() => this.spawner.request("peers", []));

  private constructor(
    private readonly spawner: Spawner,
    private readonly dirs: Dirs,
  ) {}

  /** @param executable path of bothy-cell @param socketDir folder of the spawner's socket, when not that of the cells */
  static async start(executable: string, dirs: Dirs, log: Log, socketDir?: string): Promise<BothyCell> {
    return new BothyCell(await Spawner.start(executable, dirs, log, socketDir), dirs);
  }

  startContainer(ops: readonly Op[]): Promise<Cell> {
    return this.#atOnce.run(async () => Cell.from(await this.spawner.request("start", ops)));
  }

  async adopt(instance: string, patienceMs?: number): Promise<Cell | undefined> {
    try {
      const connection = await this.spawner.watch(instance);
      return patienceMs === undefined ? await Cell.from(connection) : await within(patienceMs, connection);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  async endGroups(dirs: readonly string[]): Promise<void> {
    const ops = dirs.map((dir): Op => ["cgroup-end", dir]);
    const connection = await this.spawner.request("end", ops);
    try {
      await connection.need();
    } finally {
      connection.close();
    }
  }

  lastExit(instance: string): Exit | undefined {
    try {
      const value: unknown = JSON.parse(readTextNow(path.join(this.dirs.cell(instance), "exit")) ?? "null");
      return Exit.safeParse((value as { exited?: unknown } | null)?.exited ?? value).data;
    } catch (error) {
      // A host that lost its power may have left the file empty.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  clear(instance: string): void {
    // The processes that keep its proxies and its way to the daemon remove their own sockets meanwhile.
    removeFolderNow(this.dirs.cell(instance));
  }

  async exec(target: Target, ops: readonly Op[], streams: "none" | "pipes" | "tty"): Promise<ExecProcess> {
    return ExecProcess.from(
      await this.spawner.request("exec", [targetOp(target), ...ops]),
      streams !== "none",
      streams === "tty",
    );
  }

  async attachConsole(instance: string, cell: RunningCell): Promise<Console> {
    const connection = await this.spawner.watch(instance).catch((error: unknown) => {
      throw isGone(error) ? justEnded(error) : error;
    });
    return Console.from(connection, cell);
  }

  async getFile(place: FilePlace, innerPath: string): Promise<GotFile> {
    return getFile(await this.spawner.request("file", [...placeOps(place), ["get", innerPath]]), innerPath);
  }

  async putFile(place: FilePlace, file: PutFile, content: Readable): Promise<void> {
    const mode = file.mode === undefined ? "" : file.mode.toString(8);
    const put: Op = [
      "put",
      file.path,
      file.type,
      mode,
      file.uid ?? "",
      file.gid ?? "",
      file.append ? "append" : "write",
    ];
    return putFile(await this.spawner.request("file", [...placeOps(place), put]), file, content);
  }

  async deleteFile(place: FilePlace, innerPath: string): Promise<void> {
    return deleteFile(await this.spawner.request("file", [...placeOps(place), ["delete", innerPath]]), innerPath);
  }

  async sftp(place: FilePlace): Promise<Duplex> {
    return beginSftp(await this.spawner.request("sftp", placeOps(place)));
  }

  plug(target: Target, ids: IdRange | undefined, ops: readonly Op[]): Promise<void> {
    return this.#done(this.spawner.request("plug", [targetOp(target), ...idmapOps(ids), ...ops]));
  }

  startProxy(target: Target, ids: IdRange | undefined, control: string, ops: readonly Op[]): Promise<void> {
    const all: Op[] = [targetOp(target), ...idmapOps(ids), ["control", control], ...ops];
    return this.#done(this.spawner.requestOutside("proxy", all));
  }

  /** Has something done in a container. @throws ApiError BAD_REQUEST when that has just ended */
  async #done(asked: Promise<CellConnection>): Promise<void> {
    const connection = await asked;
    try {
      await connection.need();
    } catch (error) {
      throw orJustEnded(error);
    } finally {
      connection.close();
    }
  }

  endProxy(control: string): Promise<void> {
    return endProxy(control);
  }

  hasProxy(control: string): Promise<boolean> {
    return hasProxy(control);
  }

  async openGuestGate(ids: IdRange | undefined, socket: string, upstream: string, name: string): Promise<GuestGate> {
    const ops: Op[] = [...idmapOps(ids), ["control", socket], ["upstream", upstream], ["name", name]];
    return GuestGate.from(await this.spawner.request("guest-api", ops));
  }

  netState(target: Target): Promise<NetInterface[]> {
    return this.#atOnce.run(async () => readNetState(await this.spawner.request("net-state", [targetOp(target)])));
  }

  async *followNet(target: Target, signal: AbortSignal): AsyncGenerator<NetInterface[]> {
    yield* followNetState(await this.spawner.request("net-state", [targetOp(target), ["follow"]], signal));
  }

  peerOf(fd: number): Promise<number> {
    return this.#peers.uidOf(fd);
  }

  async watch(target: Target): Promise<ProcessWatch> {
    return ProcessWatch.from(await this.spawner.request("await", [targetOp(target)]));
  }

  runWithRoot(root: RootSource, at: string, command: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.#run([...rootOps(root, undefined), ["at", at]], command, signal);
  }

  run(command: readonly string[]): Promise<void> {
    return this.#run([], command);
  }

  async #run(where: readonly Op[], command: readonly string[], signal?: AbortSignal): Promise<void> {
    const args = command.map((word): Op => ["arg", word]);
    const connection = await this.spawner.request("run", [...where, ...args], signal);
    try {
      const line = await connection.need();
      const exited = Exit.parse(line.exited);
      if (exited.code !== 0)
        throw internal(`Cannot run "${command.join(" ")}": ${String(line.stderr ?? "").trim()}`, { details: exited });
    } finally {
      connection.close();
    }
  }

  async launch(command: readonly string[], input: string | undefined): Promise<Launched> {
    const args = command.map((word): Op => ["arg", word]);
    const given: Op[] = input === undefined ? [] : [["input", input]];
    const connection = await this.spawner.request("run", [...given, ["output"], ...args]);
    try {
      const { exited, stderr, stdout } = Ran.parse(await connection.need());
      const output: Buffer[] = [];
      for await (const piece of connection.bytes(stdout)) output.push(piece);
      return { code: exited.code, signal: exited.signal, stdout: Buffer.concat(output), stderr: stderr.trim() };
    } finally {
      connection.close();
    }
  }

  async removeTree(tree: string): Promise<void> {
    const connection = await this.spawner.request("remove", [["tree", tree]]);
    try {
      requireGone(tree, await connection.need());
    } finally {
      connection.close();
    }
  }

  async folderProject(
    folder: string,
    change?: readonly ["make" | "limit", bytes: number],
  ): Promise<FolderProject | undefined> {
    const connection = await this.spawner.request("project", [["folder", folder], ...(change ? [change] : [])]);
    try {
      return readFolderProject(await connection.need());
    } finally {
      connection.close();
    }
  }

  stop(): Promise<void> {
    this.#peers.close();
    return this.spawner.stop();
  }
}
