/** Dynamic process: Pulumi's own dynamic-provider process, spoken to by raw gRPC as the engine does. */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "../../../provider/core/engine/values";
import { stubOf } from "../../../provider/dynamic/stub";
import { type ProgramFolder, programFolder, repository } from "./program";

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

export interface DynamicOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Stack configuration, such as { "bothy:endpoint": "unix:///..." }. */
  readonly config?: Record<string, string>;
  readonly program?: ProgramFolder;
}

export class DynamicProcess implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    private readonly client: ResourceProviderClient,
    private readonly program: ProgramFolder,
    private readonly port: number,
    /** What the process said after its port, for people. */
    readonly output: string[],
  ) {}

  static async start(options: DynamicOptions = {}): Promise<DynamicProcess> {
    const program = options.program ?? programFolder();
    const script = path.join(repository, "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const child = spawn(process.execPath, [script, "127.0.0.1:1"], {
      cwd: program.path,
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
      child.once("exit", () => reject(new Error(`The dynamic-provider process ended: ${output.join("")}`)));
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const started = new DynamicProcess(child, client, program, Number(port), output);
    const request = new proto.ConfigureRequest();
    request.setArgs(structOf(options.config ?? {}));
    await started.call(client.configure, request);
    return started;
  }

  private call<Request, Response>(
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

  async check(kind: string, olds: Props, news: Props): Promise<{ inputs: Props; failures: Record<string, string> }> {
    const request = new proto.CheckRequest();
    request.setOlds(structOf(olds));
    request.setNews(structOf(withStub(kind, news)));
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

  async diff(kind: string, id: string, olds: Props, news: Props): Promise<DiffAnswer> {
    const request = new proto.DiffRequest();
    request.setId(id);
    request.setOlds(structOf(withStub(kind, olds)));
    request.setNews(structOf(withStub(kind, news)));
    const response = await this.call<proto.DiffRequest, proto.DiffResponse>(this.client.diff, request);
    return {
      changes: response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(kind: string, inputs: Props): Promise<{ id: string; outs: Props }> {
    const request = new proto.CreateRequest();
    request.setProperties(structOf(withStub(kind, inputs)));
    const response = await this.call<proto.CreateRequest, proto.CreateResponse>(this.client.create, request);
    return { id: response.getId(), outs: propsOf(response.getProperties()) };
  }

  /** @param props last outputs on a refresh; undefined and `inputs` given for a `Resource.get` */
  async read(kind: string, id: string, props: Props | undefined, inputs: Props = {}) {
    const request = new proto.ReadRequest();
    request.setId(id);
    if (props !== undefined) request.setProperties(structOf(withStub(kind, props)));
    request.setInputs(structOf(withStub(kind, inputs)));
    const response = await this.call<proto.ReadRequest, proto.ReadResponse>(this.client.read, request);
    return { id: response.getId(), outs: propsOf(response.getProperties()), inputs: propsOf(response.getInputs()) };
  }

  async update(kind: string, id: string, olds: Props, news: Props): Promise<Props> {
    const request = new proto.UpdateRequest();
    request.setId(id);
    request.setOlds(structOf(withStub(kind, olds)));
    request.setNews(structOf(withStub(kind, news)));
    const response = await this.call<proto.UpdateRequest, proto.UpdateResponse>(this.client.update, request);
    return propsOf(response.getProperties());
  }

  async delete(kind: string, id: string, props: Props): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setId(id);
    request.setProperties(structOf(withStub(kind, props)));
    await this.call(this.client.delete, request);
  }

  /** What Ctrl-C makes the engine send. */
  async cancel(): Promise<void> {
    await this.call(this.client.cancel, new Empty());
  }

  /** Goes away in the middle, as an engine that is killed. @returns the end of the process, which has nobody to serve any more */
  async abandon(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    // The client of grpc-js waits for the answers when it is closed; a dead engine does not.
    const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
    for (const handle of handles) if (handle instanceof Socket && handle.remotePort === this.port) handle.destroy();
    this.client.close();
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGKILL");
      await gone;
    }
    this.program[Symbol.dispose]();
  }
}

const withStub = (kind: string, props: Props): Props => ({ ...props, __provider: stubOf(kind) });
const structOf = (props: Props): Struct => Struct.fromJavaScript(props as Parameters<typeof Struct.fromJavaScript>[0]);

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
