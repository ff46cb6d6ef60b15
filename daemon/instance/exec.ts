/** Exec: a command in a container, with its streams on websockets or in log files (docs/lxd-api.md, Exec). */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import path from "node:path";
import type { Duplex, Readable } from "node:stream";
import type { WebSocket } from "ws";
import { isTrue } from "../../sdk/api/config/values";
import { ApiError, badRequest } from "../../sdk/api/errors";
import { InstanceExecControl, type InstanceExecPost } from "../../sdk/api/instance";
import type { Context } from "../context";
import type { ExecProcess, Op } from "../native/index";
import type { RunningOperation } from "../operations";
import { websockets } from "../websockets";
import type { InstanceRecord } from "./record";
import { joinOps } from "./spec/cgroups";
import { capabilityMask, defaultPath, environmentOf, envOps, rlimitOps } from "./spec/process";
import { seccompFile } from "./spec/start";

/** Clients that were told the secrets connect at once; who has not come by then will not come. */
const connectMs = 5000;

/** Starts the operation of an exec. @throws ApiError BAD_REQUEST when the instance does not run */
export function startExec(context: Context, record: InstanceRecord, post: InstanceExecPost): RunningOperation {
  const running = context.instances.lifecycle.need(record.name);
  if (running.isFrozen) throw badRequest("Instance is frozen");
  const instancePath = `/1.0/instances/${record.name}`;
  const resources = { instances: [instancePath], containers: [`/1.0/containers/${record.name}`] };
  const base = { description: "Executing command", resources, mayCancel: false };
  const common = execOps(context, record, post);
  const command = { command: post.command, environment: post.environment ?? {}, interactive: post.interactive };
  if (!post["wait-for-websocket"])
    return context.operations.start({
      ...base,
      run: (operation) => runDetached(context, record, post, common, operation),
    });
  const sockets = new ExecSockets(post.interactive);
  return context.operations.start({
    ...base,
    class: "websocket",
    metadata: { ...command, fds: sockets.secrets },
    connect: (secret, request, socket, head) => sockets.connect(secret, request, socket, head),
    run: async () => {
      try {
        await sockets.ready();
        const streams = post.interactive ? "tty" : "pipes";
        const process = await context.native.exec(running.cell, [...common, ...streamOps(post)], streams);
        return { return: await sockets.serve(process) };
      } finally {
        sockets.close();
      }
    },
  });
}

const streamOps = (post: InstanceExecPost): Op[] =>
  post.interactive
    ? [["tty", post.width || 80, post.height || 24]]
    : [
        ["stdin", "pipe"],
        ["stdout", "pipe"],
        ["stderr", "pipe"],
      ];

/** Without websockets: output is dropped, or kept in log files. */
async function runDetached(
  context: Context,
  record: InstanceRecord,
  post: InstanceExecPost,
  common: Op[],
  operation: RunningOperation,
) {
  const { cell } = context.instances.lifecycle.need(record.name);
  const file = (name: string) => path.join(context.dirs.logs(record.name), `exec_${operation.id}.${name}`);
  const url = (name: string) => `/1.0/instances/${record.name}/logs/exec_${operation.id}.${name}`;
  const isRecorded = post["record-output"];
  const output = (name: string): Op => (isRecorded ? [name, `file:${file(name)}`] : [name, "null"]);
  const streams: Op[] = [["stdin", "null"], output("stdout"), output("stderr")];
  const process = await context.native.exec(cell, [...common, ...streams], "none");
  const code = await process.exited;
  return { return: code, ...(isRecorded ? { output: { 1: url("stdout"), 2: url("stderr") } } : {}) };
}

function execOps(context: Context, record: InstanceRecord, post: InstanceExecPost): Op[] {
  const { config } = context.instances.expanded(record);
  const { lifecycle } = context.instances;
  const isPrivileged = isTrue(config["security.privileged"]);
  const home: Record<string, string> = post.user === 0 ? { HOME: "/root", USER: "root" } : {};
  const environment = { PATH: defaultPath, LANG: "C.UTF-8", ...home, ...environmentOf(config), ...post.environment };
  for (const name of Object.keys(environment))
    if (name === "" || name.includes("="))
      throw badRequest(
        `Invalid environment variable name ${JSON.stringify(name)}. It must not be empty or contain "=".`,
      );
  return [
    ...context.instances.idOps(record),
    ...joinOps(lifecycle.groups.layout, lifecycle.group(record.name)),
    ["seccomp", seccompFile(context.instances.seccompDir, isPrivileged, isTrue(config["security.nesting"]))],
    ...rlimitOps(config),
    ["cap-keep", capabilityMask(isPrivileged)],
    ["umask", "022"],
    ["user", post.user],
    ["group", post.group],
    ["cwd", post.cwd || (post.user === 0 ? "/root" : "/")],
    ...envOps(environment),
    ...post.command.map((word): Op => ["arg", word]),
  ];
}

/** The websockets of one exec: one a stream and one for control, each by its secret, each once. */
class ExecSockets {
  readonly secrets: Readonly<Record<string, string>>;
  readonly #names: readonly string[];
  readonly #sockets = new Map<string, WebSocket>();
  #isClosed = false;
  #changed: () => void = () => undefined;

  constructor(readonly isInteractive: boolean) {
    this.#names = isInteractive ? ["0", "control"] : ["0", "1", "2", "control"];
    this.secrets = Object.fromEntries(this.#names.map((name) => [name, randomBytes(32).toString("hex")]));
  }

  /** @throws ApiError FORBIDDEN for a wrong secret, BAD_REQUEST for a second connection or one that comes too late */
  connect(secret: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const name = this.#names.find((candidate) => isSame(this.secrets[candidate] ?? "", secret));
    if (name === undefined) throw new ApiError("FORBIDDEN", "not authorized");
    if (this.#isClosed) throw badRequest("This operation has ended. Start another one.");
    if (this.#sockets.has(name)) throw badRequest(`The websocket "${name}" of this operation is connected already.`);
    // At once, or never when the request is no proper handshake: the name is then still free.
    websockets.handleUpgrade(request, socket, head, (client) => {
      // Data may arrive before the process runs: nothing is read until then.
      client.pause();
      client.on("error", () => client.terminate());
      this.#sockets.set(name, client);
      this.#changed();
    });
  }

  /** Resolves when every stream is connected; control may stay away unless interactive. @throws ApiError when they do not come */
  async ready(): Promise<void> {
    const needed = this.isInteractive ? this.#names : this.#names.filter((name) => name !== "control");
    const deadline = Date.now() + connectMs;
    while (!needed.every((name) => this.#sockets.has(name))) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw badRequest("Timed out waiting for websockets to connect");
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
  }

  /** Moves bytes both ways until the process has ended and all its output is out. @returns its exit code */
  async serve(process: ExecProcess): Promise<number> {
    const control = this.#sockets.get("control");
    const input = this.#sockets.get("0");
    const outputs = this.isInteractive ? [input] : [this.#sockets.get("1"), this.#sockets.get("2")];
    let isOver = false;
    const lost = () => {
      if (!isOver) process.kill();
    };
    control?.on("close", lost).on("message", (data, isBinary) => {
      if (!isBinary) obey(process, String(data));
    });
    control?.resume();
    // Without control, the client's leaving shows on its output.
    if (control === undefined) outputs[0]?.on("close", lost);
    // It may have left before anybody listened.
    if (isGone(control ?? outputs[0])) lost();
    if (input !== undefined) feed(input, process);
    const streams = this.isInteractive ? [process.stdout] : [process.stdout, process.stderr];
    const flushed = Promise.all(streams.map((stream, index) => drain(stream, outputs[index])));
    try {
      const code = await process.exited;
      await flushed;
      return code;
    } finally {
      isOver = true;
    }
  }

  /** Ends every websocket; none is taken any more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) {
      socket.resume();
      socket.close();
    }
  }
}

const isGone = (socket: WebSocket | undefined): boolean => socket !== undefined && socket.readyState >= socket.CLOSING;

/** Constant time, so that a secret cannot be guessed byte by byte. */
const isSame = (have: string, got: string): boolean =>
  timingSafeEqual(createHash("sha256").update(have).digest(), createHash("sha256").update(got).digest());

function obey(process: ExecProcess, text: string): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    // As LXD does: what is no message is passed over, and the command goes on.
    return;
  }
  const { success, data } = InstanceExecControl.safeParse(message);
  if (!success) return;
  if (data.command === "signal" && data.signal !== undefined && data.signal > 0 && data.signal <= 64)
    process.signal(data.signal);
  if (data.command === "window-resize") {
    const width = Number(data.args?.width);
    const height = Number(data.args?.height);
    if (isTerminalSize(width) && isTerminalSize(height)) process.resize(width, height);
  }
}

const isTerminalSize = (value: number) => Number.isInteger(value) && value > 0 && value < 65536;

/** Client to process; an empty text frame ends the input. */
function feed(socket: WebSocket, process: ExecProcess): void {
  const { stdin } = process;
  if (stdin === undefined) return;
  stdin.on("error", () => stdin.destroy());
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) {
      stdin.end();
      return;
    }
    if (stdin.destroyed || stdin.writableEnded || stdin.write(data)) return;
    socket.pause();
    const go = () => socket.resume();
    stdin.once("drain", go).once("close", go);
  });
  socket.on("close", () => stdin.end());
  if (isGone(socket)) stdin.end();
  socket.resume();
}

/** Process to client, with back-pressure; ends by an empty text frame. */
async function drain(stream: Readable | undefined, socket: WebSocket | undefined): Promise<void> {
  if (stream === undefined || socket === undefined) return;
  socket.resume();
  stream.on("data", (chunk: Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    stream.pause();
    socket.send(chunk, () => stream.resume());
  });
  await new Promise<void>((resolve) => {
    stream.on("close", resolve).on("error", () => stream.destroy());
  });
  if (socket.readyState === socket.OPEN)
    await new Promise<void>((resolve) => socket.send("", { binary: false }, () => resolve()));
}
