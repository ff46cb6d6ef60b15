/** Exec sockets: the streams of a command on websockets, both ways and with back-pressure (docs/lxd-api.md, Exec). */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type { WebSocket } from "ws";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { InstanceExecControl } from "../../../../sdk/api/instance";
import { byteSockets, messageSockets } from "../../../http/websockets";
import type { Console, ExecProcess } from "../../../platform/native/index";
import { isSameSecret, makeSecret } from "../../../platform/secret";

/** Clients that were told the secrets connect at once; who has not come by then will not come. */
const connectMs = 5000;
/** While websockets of any exec keep coming, hundreds of them wait their turn, and the time begins anew; but not beyond this. */
const longestConnectMs = 60_000;

/** In bytes. A longer message is none that a client means, and its parts could take a hundred times its size once parsed. */
const longestControl = 64 * 1024;

/** What the websockets are of. */
type Served = ExecProcess | Console;

/** When a websocket of any exec came last. */
let lastArrival = 0;

/** The websockets of one exec: one a stream and one for control, each by its secret, each once. */
export class ExecSockets {
  readonly secrets: Readonly<Record<string, string>>;
  readonly #names: readonly string[];
  readonly #sockets = new Map<string, WebSocket>();
  #isClosed = false;
  #changed: () => void = () => undefined;
  /** What is done with a control that comes when the command runs already: nobody has to wait for it. */
  #controlCame: (control: WebSocket) => void = () => undefined;

  constructor(readonly isInteractive: boolean) {
    this.#names = isInteractive ? ["0", "control"] : ["0", "1", "2", "control"];
    this.secrets = Object.fromEntries(this.#names.map((name) => [name, makeSecret()]));
  }

  /** @throws ApiError FORBIDDEN for a wrong secret, BAD_REQUEST for a second connection or one that comes too late */
  connect(secret: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const name = this.#names.find((candidate) => isSameSecret(this.secrets[candidate] ?? "", secret));
    if (name === undefined) throw new ApiError("FORBIDDEN", "not authorized");
    if (this.#isClosed) throw badRequest("This operation has ended. Start another one.");
    if (this.#sockets.has(name)) throw badRequest(`The websocket "${name}" of this operation is connected already.`);
    // At once, or never when the request is not a proper handshake: the name is then still free.
    (name === "control" ? messageSockets : byteSockets).handleUpgrade(request, socket, head, (client) => {
      // Data may arrive before the process runs: nothing is read until then.
      client.pause();
      client.on("error", () => client.terminate());
      this.#sockets.set(name, client);
      lastArrival = Date.now();
      this.#changed();
      if (name === "control") this.#controlCame(client);
    });
  }

  /** Resolves when every stream is connected; control may stay away unless interactive. @throws ApiError when they do not come */
  async ready(): Promise<void> {
    const needed = this.isInteractive ? this.#names : this.#names.filter((name) => name !== "control");
    const begin = Date.now();
    while (!needed.every((name) => this.#sockets.has(name))) {
      const deadline = Math.min(Math.max(begin, lastArrival) + connectMs, begin + longestConnectMs);
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
  async serve(process: Served): Promise<number> {
    const input = this.#sockets.get("0");
    const outputs = this.isInteractive ? [input] : [this.#sockets.get("1"), this.#sockets.get("2")];
    let isOver = false;
    const lost = () => {
      if (!isOver) process.kill();
    };
    const watch = (socket: WebSocket | undefined) => {
      socket?.on("close", lost);
      // It may have left before anybody listened.
      if (isGone(socket)) lost();
    };
    this.#controlCame = (control) => {
      outputs[0]?.off("close", lost);
      control.on("message", (data, isBinary) => {
        if (!isBinary && (data as Buffer).length <= longestControl) obey(process, String(data));
      });
      watch(control);
      control.resume();
    };
    const control = this.#sockets.get("control");
    if (control !== undefined) this.#controlCame(control);
    // Without control, the client's leaving shows on its output.
    else watch(outputs[0]);
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

function obey(process: Served, text: string): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    // As LXD does: what is not a message is passed over, and the command goes on.
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
function feed(socket: WebSocket, { stdin, endsWithInput }: Served): void {
  if (stdin === undefined) return;
  stdin.on("error", () => stdin.destroy());
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) {
      // A console's input has no end: who leaves closes the websocket.
      if (endsWithInput) stdin.end();
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
