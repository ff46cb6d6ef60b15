/**
 * Agent: the host's end of the line to guest/agent.sh, which runs scripts one after the other.
 *
 * The guest says `ready <boot id>` when it listens. A request is `<id> <seconds> <script>`, its answer
 * `<id> <exit code> <standard output> <standard error>`; texts are in base64, those of the answer with a "=" more, so that none is empty.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const connectPauseMs = 50;

export class Agent {
  #rest = "";
  #lastId = 0;
  #bootId: string | undefined;
  readonly #waiting = new Map<number, (said: Said) => void>();
  readonly #readyWaiting = new Set<(bootId: string) => void>();

  private constructor(private readonly socket: Socket) {
    socket.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    });
    // The machine's end is told by its process.
    socket.on("error", () => undefined);
  }

  /** Connects as soon as qemu has made the socket. @param isOver tells that it never will */
  static async connect(socketPath: string, isOver: () => boolean): Promise<Agent> {
    for (;;) {
      const socket = connect(socketPath);
      const isThere = await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      });
      if (isThere) return new Agent(socket);
      if (isOver()) throw new Error("The machine ended before it could be spoken to.");
      await delay(connectPauseMs);
    }
  }

  /** Waits until the guest listens. @param notBoot id of a boot that does not count @returns the id of its boot */
  ready(notBoot?: string): Promise<string> {
    if (this.#bootId !== undefined && this.#bootId !== notBoot) return Promise.resolve(this.#bootId);
    return new Promise((resolve) => {
      const listener = (bootId: string) => {
        if (bootId === notBoot) return;
        this.#readyWaiting.delete(listener);
        resolve(bootId);
      };
      this.#readyWaiting.add(listener);
    });
  }

  /** Runs a script by bash. @param seconds after which the guest ends it, with code 124 */
  run(script: string, seconds: number): Promise<Said> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.socket.write(`${id} ${seconds} ${Buffer.from(script).toString("base64")}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #take(line: string): void {
    const [first = "", second = "", ...texts] = line.trim().split(" ");
    if (first === "ready") {
      this.#bootId = second;
      for (const listener of this.#readyWaiting) listener(second);
      return;
    }
    const [stdout = "", stderr = ""] = texts.map((text) => Buffer.from(text.slice(0, -1), "base64").toString());
    this.#waiting.get(Number(first))?.({ code: Number(second), stdout, stderr });
    this.#waiting.delete(Number(first));
  }
}
