/**
 * Rsync: the tree of a volume goes over a websocket, as LXD sends it: metadata.yaml and templates/ beside rootfs/. A guest filled that tree, and another
 * server says what is written here, so rsync runs as confined as what unpacks images (docs/native-protocol.md, Role confine).
 */
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath } from "node:fs/promises";
import { Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import type { Dirs } from "../folders/dirs";
import type { Native } from "../native/index";
import type { RootSource } from "../native/root-source";
import { confined } from "../processes/confine";
import { run } from "../processes/run";
import type { Channel } from "./channel";
import type { Features } from "./messages";

/** All scratch folders of migrations begin so; start-up removes those that a killed daemon left. */
export const migratePrefix = "migrate-";

/** Of rsync: its list of files. */
const memoryBytes = 1536 * 1024 * 1024;

/** Bytes: metadata, templates and backup.yaml. */
const mostBeside = 64 * 1024 * 1024;
/** Files, empty ones too. */
const mostFilesBeside = 4000;

export interface MigrationGround {
  readonly native: Pick<Native, "runWithRoot" | "removeTree">;
  readonly dirs: Pick<Dirs, "scratch">;
}

/** What both directions need. */
export interface Transfer {
  readonly root: RootSource;
  /** Where the root is in what goes over: in a folder with other things beside it, or it is all there is. */
  readonly at: "rootfs" | ".";
  readonly channel: Channel;
  readonly features: Features;
  readonly signal: AbortSignal;
  /** Told of bytes as they go over. */
  readonly count: (bytes: number) => void;
}

export interface Sending extends Transfer {
  /** Puts beside the root what belongs to it. */
  readonly beside?: (folder: string) => Promise<void>;
  /** Bytes a second, if they are bounded. */
  readonly bytesPerSecond?: number | undefined;
}

export interface Receiving extends Transfer {
  /** Reads what came beside the root. It may be anything. */
  readonly beside?: (folder: string) => Promise<void>;
  /** Which ids of the other server's disk are 0 and so on in the container; those that are on disk when absent. */
  readonly ids?: { readonly first: number; readonly count: number } | undefined;
  /** Whether device nodes may come; not together with ids. Else they are left out. */
  readonly deviceNodes: boolean;
  /** Told once of device nodes that were left out, with what they were. */
  readonly warn: (text: string) => void;
}

/** Arguments that stand for the same on both sides. */
const featureWords = ({ xattrs, delete: deletes, compress }: Features): string[] => [
  ...(xattrs ? ["--xattrs", "--filter=-x security.selinux"] : []),
  ...(deletes ? ["--delete"] : []),
  ...(compress ? ["--compress", "--compress-level=2"] : []),
];

/** What rsync takes for its way to the other side: bytes from descriptor 5, which is rsync, to 4, and from 3 back. */
const relay = 'sh -c "exec 5<&0; cat <&5 >&4 & exec cat <&3"';

/** Sends a tree. It must not change meanwhile. @throws ApiError with what rsync said; the signal's reason */
export function sendTree(ground: MigrationGround, sending: Sending): Promise<void> {
  const { at, beside, features, bytesPerSecond } = sending;
  return withPlace(ground, at, async (place) => {
    await beside?.(place.tree);
    // As a client of rsync's, since the other side is its server whatever we are.
    const script = 'exec 3<"$1" 4>"$2"; shift 2; exec rsync "$@" </dev/null >/dev/null';
    const words = [
      ...["-ar", "--devices", "--numeric-ids", "--partial", "--sparse", ...featureWords(features)],
      ...(bytesPerSecond === undefined ? [] : [`--bwlimit=${Math.max(1, Math.ceil(bytesPerSecond / 1024))}`]),
      ...[`--rsh=${relay}`, `${place.tree}/`, "localhost:/"],
    ];
    const confinement = { read: [place.tree], write: place.pipes, containerFiles: true, memoryBytes };
    await converse(ground, place, sending, shell(script, place, words, confinement));
  });
}

/** Makes a root what the other side's is; what is there of it already does not come again. @throws ApiError with what rsync said; the signal's reason */
export function receiveTree(ground: MigrationGround, receiving: Receiving): Promise<void> {
  const { at, beside, features, ids, deviceNodes, signal, warn } = receiving;
  return withPlace(ground, at, async (place) => {
    const script = 'exec <"$1" >"$2"; shift 2; exec rsync "$@"';
    const words = [
      // What a client of LXD's way calls its server with, which nobody tells us.
      ...["--server", "-vlogDtpre.iLsfx", "--numeric-ids", "--devices", "--partial", "--sparse"],
      // Files of the same size that were changed within a second differ too.
      "--modify-window=-1",
      // Who is not uid 0 of its namespace gives files away as well. What lies beside the root is of the host's root over there.
      ...(ids === undefined ? [] : ["--super", `--usermap=0:${ids.first}`, `--groupmap=0:${ids.first}`]),
      ...[...featureWords(features), ".", place.tree],
    ];
    const confinement = {
      write: place.folder,
      memoryBytes,
      containerFiles: true,
      imageAttributes: true,
      ...(ids === undefined ? { deviceNodes } : { ids }),
      leftOut: deviceNodes ? undefined : place.leftOut,
    };
    await using watch = watchBeside(place, receiving);
    const bounded = { ...receiving, signal: watch.signal };
    await converse(ground, place, bounded, shell(script, place, words, confinement));
    const nodes = deviceNodes ? undefined : await readLeftOut(place, at);
    if (nodes !== undefined) warn(nodes);
    if (beside === undefined) return;
    await requireLittleBeside(place.tree, signal);
    await beside(place.tree);
  });
}

/** What comes beside a root lies on the file system of the state folder, which no size of a volume bounds. @throws ApiError BAD_REQUEST for too much */
async function requireLittleBeside(tree: string, signal: AbortSignal): Promise<void> {
  const count = async (unit: string) => {
    // In this namespace the place of the root is an empty folder.
    const { stdout } = await run("du", ["-s", unit, "--", tree], { accept: [0, 1], signal });
    return Number.parseInt(stdout, 10);
  };
  const refuse = (what: string) => badRequest(`Cannot migrate: what the other server sends beside the root ${what}.`);
  if ((await count("-B1")) > mostBeside) throw refuse("is larger than 64 MiB");
  if ((await count("--inodes")) > mostFilesBeside) throw refuse(`has more than ${mostFilesBeside} files`);
}

/** Looks each second while it comes. */
function watchBeside({ tree }: Place, { at, signal }: Receiving): AsyncDisposable & { readonly signal: AbortSignal } {
  const [tooMuch, over] = [new AbortController(), new AbortController()];
  const look = async () => {
    while (!over.signal.aborted) {
      await delay(1000, undefined, { signal: over.signal });
      await requireLittleBeside(tree, over.signal);
    }
  };
  const looking =
    at === "."
      ? Promise.resolve()
      : look().catch((error: unknown) => {
          if (ApiError.is(error)) tooMuch.abort(error);
        });
  return {
    signal: AbortSignal.any([signal, tooMuch.signal]),
    async [Symbol.asyncDispose]() {
      over.abort();
      await looking;
    },
  };
}

const shell = (
  script: string,
  { incoming, outgoing }: Place,
  words: readonly string[],
  confinement: Parameters<typeof confined>[2],
): string[] => confined("sh", ["-c", script, "sh", incoming, outgoing, ...words], confinement).flat();

/** Which device nodes were left out, in words. */
async function readLeftOut({ tree, leftOut }: Place, at: string): Promise<string | undefined> {
  const [count = "0", ...places] = (await readFile(leftOut, "utf8")).split("\0");
  if (count === "0") return undefined;
  const names = places.filter((name) => name !== "").map((name) => path.relative(path.join(tree, at), name));
  const rest = Number(count) > names.length ? ", ..." : "";
  const nodes = `${count} device node${count === "1" ? "" : "s"}`;
  return `${nodes} left out: an unprivileged container cannot have any (${names.join(", ")}${rest}).`;
}

interface Place {
  readonly folder: string;
  /** What tells of device nodes that were left out. */
  readonly leftOut: string;
  /** What goes over; the root is mounted at it, or in it. */
  readonly tree: string;
  readonly pipes: string;
  readonly incoming: string;
  readonly outgoing: string;
}

async function withPlace(
  { native, dirs }: MigrationGround,
  at: string,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  // As the confined program sees it: without symlinks.
  const folder = await mkdtemp(path.join(await realpath(dirs.scratch), migratePrefix));
  try {
    const [tree, pipes] = [path.join(folder, "tree"), path.join(folder, "pipes")];
    await mkdir(path.join(tree, at), { recursive: true, mode: 0o700 });
    await mkdir(pipes, { mode: 0o700 });
    const [incoming, outgoing] = [path.join(pipes, "in"), path.join(pipes, "out")];
    await run("mkfifo", ["--mode=600", "--", incoming, outgoing]);
    await work({ folder, tree, pipes, incoming, outgoing, leftOut: path.join(folder, "left-out") });
  } finally {
    await native.removeTree(folder);
  }
}

/** Runs a program on the mounted root, and carries what it says to the other side and back, until both have ended. */
async function converse(
  { native }: MigrationGround,
  { tree, incoming, outgoing }: Place,
  { root, at, channel, signal, count }: Transfer,
  command: readonly string[],
): Promise<void> {
  const gone = new AbortController();
  const stop = AbortSignal.any([signal, gone.signal]);
  const output = new Socket({ fd: openSync(outgoing, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
  // A fifo that nobody has open for writing is at its end, before the program has begun; one that nobody reads cannot be opened for writing alone.
  const holder = openSync(outgoing, constants.O_WRONLY | constants.O_NONBLOCK);
  const input = new Socket({ fd: openSync(incoming, constants.O_RDWR | constants.O_NONBLOCK), readable: false });
  for (const socket of [input, output]) socket.on("error", () => socket.destroy());
  const ended = () => {
    closeSync(holder);
    // What still comes is for nobody.
    input.destroy();
  };
  const program = native.runWithRoot(root, path.join(tree, at), command, stop).finally(ended);
  const carried = [sayAll(output, channel, count, stop), hearAll(channel, input, count, stop)];
  try {
    await Promise.all([program, ...carried]);
  } catch (error) {
    signal.throwIfAborted();
    gone.abort(error);
    // What the program says of it says more than that the other side left.
    const [own] = await Promise.allSettled([program]);
    throw own.status === "rejected" && own.reason !== error && !isOurStop(own.reason, error)
      ? inWords(own.reason)
      : inWords(error);
  } finally {
    gone.abort();
    output.destroy();
    input.destroy();
    await Promise.allSettled([program, ...carried]);
  }
}

const isOurStop = (reason: unknown, error: unknown): boolean =>
  reason === error || (reason instanceof Error && reason.name === "AbortError");

/** What stops a migration is what the request or the other server brought, and no fault of the daemon's. */
function inWords(error: unknown): unknown {
  if (!ApiError.is(error) || error.code !== "INTERNAL") return error;
  const said = error.message.replace(/^Cannot run ".*?": /s, "").trim();
  return badRequest(`Cannot copy the files between the servers: ${said.slice(-1000)}`, { cause: error });
}

async function sayAll(
  output: Socket,
  channel: Channel,
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of output) {
    count((chunk as Buffer).length);
    await channel.send(chunk as Buffer, signal);
  }
  await channel.end(signal);
}

async function hearAll(
  channel: Channel,
  input: Socket,
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { data, isBinary } = await channel.next(signal);
    if (!isBinary) break;
    count(data.length);
    // One that is gone takes nothing, and calls back all the same.
    if (!input.destroyed) await new Promise<void>((resolve) => void input.write(data, () => resolve()));
  }
  input.destroy();
}
