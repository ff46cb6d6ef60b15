/** Client: the raw API over a unix socket on one kept-alive connection, the same way for every daemon that is measured. */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
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

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export class RawClient {
  readonly #http: Client;

  /** @param project of all requests; the default one when absent */
  constructor(
    readonly socketPath: string,
    readonly project?: string,
  ) {
    this.#http = new Client("http://localhost", { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  }

  get<T>(path: string): Promise<T> {
    return this.#send("GET", path).then(({ metadata }) => metadata as T);
  }

  /** Does a request to its end: an operation is waited for by a second request. @returns the metadata */
  async call(method: Exclude<Method, "GET">, path: string, body?: unknown): Promise<unknown> {
    return this.#finish(path, await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body)));
  }

  /** Uploads a file as it is. */
  async upload(path: string, file: string, more: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const headers = { "content-type": "application/octet-stream", ...more };
    const request = { method: "POST", path: this.pathOf(path), headers, body: createReadStream(file) } as const;
    const { body } = await this.#http.request(request);
    return this.#finish(path, this.#checked("POST", path, (await body.json()) as Envelope));
  }

  async download(path: string, file: string): Promise<void> {
    const { statusCode, body } = await this.#http.request({ method: "GET", path: this.pathOf(path) });
    if (statusCode !== success) throw new Error(`GET ${path} at ${this.socketPath}: status ${statusCode}`);
    await pipeline(body, createWriteStream(file));
  }

  /** The content of a file that the daemon has. */
  async text(path: string): Promise<string> {
    const { statusCode, body } = await this.#http.request({ method: "GET", path: this.pathOf(path) });
    const text = await body.text();
    if (statusCode !== success) throw new Error(`GET ${path} at ${this.socketPath}: status ${statusCode}: ${text}`);
    return text;
  }

  /** A path with the project in it. */
  pathOf(path: string): string {
    if (this.project === undefined) return path;
    return `${path}${path.includes("?") ? "&" : "?"}project=${this.project}`;
  }

  async #send(method: Method, path: string, text?: string): Promise<Envelope> {
    const headers = text === undefined ? {} : { "content-type": "application/json" };
    const { body } = await this.#http.request({ method, path: this.pathOf(path), headers, body: text ?? null });
    return this.#checked(method, path, (await body.json()) as Envelope);
  }

  #checked(method: Method, path: string, envelope: Envelope): Envelope {
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
