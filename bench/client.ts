/** Client: the raw API over a unix socket on one kept-alive connection, the same way for every daemon that is measured. */
import { createReadStream } from "node:fs";
import { Client } from "undici";

interface Envelope {
  readonly type: string;
  readonly error?: string;
  readonly operation?: string;
  readonly metadata: unknown;
}

interface Finished {
  readonly status_code: number;
  readonly err: string;
  readonly metadata: Record<string, unknown> | null;
}

const success = 200;

export class RawClient {
  readonly #http: Client;

  constructor(readonly socketPath: string) {
    this.#http = new Client("http://localhost", { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  }

  get<T>(path: string): Promise<T> {
    return this.#send("GET", path).then(({ metadata }) => metadata as T);
  }

  /** Does a request to its end: an operation is waited for by a second request. @returns the metadata */
  async call(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    return this.#finish(path, await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body)));
  }

  /** Uploads a file as it is. */
  async upload(path: string, file: string): Promise<unknown> {
    const headers = { "content-type": "application/octet-stream" };
    const { body } = await this.#http.request({ method: "POST", path, headers, body: createReadStream(file) });
    return this.#finish(path, (await body.json()) as Envelope);
  }

  async #send(method: "GET" | "POST" | "PUT" | "DELETE", path: string, text?: string): Promise<Envelope> {
    const headers = text === undefined ? {} : { "content-type": "application/json" };
    const { body } = await this.#http.request({ method, path, headers, body: text ?? null });
    const envelope = (await body.json()) as Envelope;
    if (envelope.type === "error") throw new Error(`${method} ${path} at ${this.socketPath}: ${envelope.error}`);
    return envelope;
  }

  async #finish(path: string, { type, operation, metadata }: Envelope): Promise<unknown> {
    if (type !== "async") return metadata;
    const finished = (await this.#send("GET", `${operation}/wait`)).metadata as Finished;
    if (finished.status_code !== success) throw new Error(`${path} at ${this.socketPath}: ${finished.err}`);
    return finished.metadata;
  }

  close(): Promise<void> {
    return this.#http.destroy();
  }
}
