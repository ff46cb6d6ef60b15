/** Provider process: a provider that is spoken to by raw gRPC, as the engine does. Each door is one (dynamic-process.ts, plugin-process.ts). */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "../../../provider/core/engine/values";

export { unknownValue as unknown } from "../../../provider/core/engine/values";

export interface DiffAnswer {
  readonly changes: boolean;
  readonly replaces: string[];
  readonly deleteBeforeReplace: boolean;
}

/** An error of create or update that kept the object in the state. */
export class InitFailedAnswer extends Error {
  constructor(
    readonly id: string,
    readonly properties: Props,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
  }
}

/** What a process is started with, and what it has said. */
export interface Started {
  readonly child: ChildProcess;
  readonly client: ResourceProviderClient;
  readonly port: number;
  /** What the process said after its port, for people. */
  readonly output: string[];
}

/** Starts a provider and waits for its port, which is its first line. */
export async function startProvider(
  command: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Started> {
  const child = spawn(command, words, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  child.stderr?.on("data", (data) => output.push(String(data)));
  const port = await new Promise<string>((resolve, reject) => {
    let said: string | undefined = "";
    child.stdout?.on("data", (data) => {
      if (said === undefined) {
        output.push(String(data));
        return;
      }
      said += String(data);
      const line = /^(\d+)\n/.exec(said)?.[1];
      if (line === undefined) return;
      resolve(line);
      output.push(said.slice(line.length + 1));
      said = undefined;
    });
    child.once("exit", () => reject(new Error(`The provider's process ended: ${output.join("")}`)));
  });
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return { child, client, port: Number(port), output };
}

export abstract class ProviderProcess implements AsyncDisposable {
  protected readonly client: ResourceProviderClient;
  readonly output: string[];

  protected constructor(private readonly started: Started) {
    this.client = started.client;
    this.output = started.output;
  }

  /** What the engine sends beside the properties of a kind. */
  protected abstract dressed(kind: string, props: Props): Props;
  /** What the engine calls a resource of a kind by. */
  protected abstract urnOf(kind: string): string;

  protected call<Request, Response>(
    method: (request: Request, done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      method.call(this.client, request, (error, response) => {
        if (error) reject(initFailedOf(error) ?? new Error(error.details));
        else resolve(response);
      });
    });
  }

  /** The request of a check, for what a test adds to it. */
  protected checkRequest(kind: string, olds: Props, news: Props): proto.CheckRequest {
    const request = new proto.CheckRequest();
    request.setUrn(this.urnOf(kind));
    request.setOlds(structOf(olds));
    request.setNews(structOf(this.dressed(kind, news)));
    return request;
  }

  async check(kind: string, olds: Props, news: Props): Promise<{ inputs: Props; failures: Record<string, string> }> {
    const request = this.checkRequest(kind, olds, news);
    const response = await this.call<proto.CheckRequest, proto.CheckResponse>(this.client.check, request);
    const failures = response.getFailuresList().map((one) => [one.getProperty(), one.getReason()] as const);
    return { inputs: propsOf(response.getInputs()), failures: Object.fromEntries(failures) };
  }

  /** Checks inputs that must be right. */
  async checked(kind: string, news: Props, olds: Props = {}): Promise<Props> {
    const { inputs, failures } = await this.check(kind, olds, news);
    if (Object.keys(failures).length > 0) throw new Error(`Check failed: ${JSON.stringify(failures)}`);
    return inputs;
  }

  protected askDiff(
    kind: string,
    id: string,
    olds: Props,
    news: Props,
    oldInputs: Props,
    ignored: readonly string[],
  ): Promise<proto.DiffResponse> {
    const request = new proto.DiffRequest();
    request.setUrn(this.urnOf(kind));
    request.setId(id);
    request.setOlds(structOf(this.dressed(kind, olds)));
    request.setNews(structOf(this.dressed(kind, news)));
    request.setOldInputs(structOf(this.dressed(kind, oldInputs)));
    request.setIgnorechangesList([...ignored]);
    return this.call<proto.DiffRequest, proto.DiffResponse>(this.client.diff, request);
  }

  async diff(kind: string, id: string, olds: Props, news: Props, oldInputs: Props = {}): Promise<DiffAnswer> {
    const response = await this.askDiff(kind, id, olds, news, oldInputs, []);
    return {
      changes: response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(kind: string, inputs: Props, how: { preview?: boolean; timeoutSeconds?: number } = {}) {
    const request = new proto.CreateRequest();
    request.setUrn(this.urnOf(kind));
    request.setProperties(structOf(this.dressed(kind, inputs)));
    request.setPreview(how.preview ?? false);
    request.setTimeout(how.timeoutSeconds ?? 0);
    const response = await this.call<proto.CreateRequest, proto.CreateResponse>(this.client.create, request);
    return { id: response.getId(), outs: propsOf(response.getProperties()) };
  }

  /** @param props last outputs on a refresh; undefined and `inputs` given for a `Resource.get` or an import */
  async read(kind: string, id: string, props: Props | undefined, inputs: Props = {}) {
    const request = new proto.ReadRequest();
    request.setUrn(this.urnOf(kind));
    request.setId(id);
    if (props !== undefined) request.setProperties(structOf(this.dressed(kind, props)));
    request.setInputs(structOf(this.dressed(kind, inputs)));
    const response = await this.call<proto.ReadRequest, proto.ReadResponse>(this.client.read, request);
    return { id: response.getId(), outs: propsOf(response.getProperties()), inputs: propsOf(response.getInputs()) };
  }

  async update(kind: string, id: string, olds: Props, news: Props, how: { preview?: boolean } = {}): Promise<Props> {
    const request = new proto.UpdateRequest();
    request.setUrn(this.urnOf(kind));
    request.setId(id);
    request.setOlds(structOf(this.dressed(kind, olds)));
    request.setNews(structOf(this.dressed(kind, news)));
    request.setPreview(how.preview ?? false);
    const response = await this.call<proto.UpdateRequest, proto.UpdateResponse>(this.client.update, request);
    return propsOf(response.getProperties());
  }

  async delete(kind: string, id: string, props: Props): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setUrn(this.urnOf(kind));
    request.setId(id);
    request.setProperties(structOf(this.dressed(kind, props)));
    await this.call(this.client.delete, request);
  }

  /** What Ctrl-C makes the engine send. */
  async cancel(): Promise<void> {
    await this.call(this.client.cancel, new Empty());
  }

  /** Goes away in the middle, as an engine that is killed. @returns the end of the process, which has nobody to serve any more */
  async abandon(): Promise<void> {
    const { child, port } = this.started;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    // The client of grpc-js waits for the answers when it is closed; a dead engine does not.
    const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
    for (const handle of handles) if (handle instanceof Socket && handle.remotePort === port) handle.destroy();
    this.client.close();
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this.started;
    this.client.close();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
}

export const structOf = (props: Props): Struct =>
  Struct.fromJavaScript(props as Parameters<typeof Struct.fromJavaScript>[0]);

function propsOf(struct: Struct | undefined): Props {
  const { __provider: _, ...props } = (struct?.toJavaScript() ?? {}) as Props;
  return props;
}

/** The engine finds a half-made object in the error's details, as a protobuf status. */
function initFailedOf(error: grpc.ServiceError): InitFailedAnswer | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (packed === undefined) return undefined;
  const { Status } = require("@pulumi/pulumi/proto/status_pb") as {
    Status: { deserializeBinary(bytes: Uint8Array): { getDetailsList(): Any[] } };
  };
  const [detail] = Status.deserializeBinary(Buffer.from(packed as Buffer)).getDetailsList();
  if (detail === undefined) return undefined;
  const failed = proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  const properties = failed.getProperties()?.toJavaScript() as Props;
  return new InitFailedAnswer(failed.getId(), properties, failed.getReasonsList());
}
