/** Dynamic process: Pulumi's own dynamic-provider process, spoken to by raw gRPC as the engine does. */
import path from "node:path";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Props } from "../../../provider/core/engine/values";
import { stubOf } from "../../../provider/dynamic/stub";
import { type ProgramFolder, programFolder, repository } from "./program";
import { ProviderProcess, type Started, startProvider, structOf } from "./provider-process";

export { type DiffAnswer, InitFailedAnswer, unknown } from "./provider-process";

export interface DynamicOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Stack configuration, such as { "bothy:endpoint": "unix:///..." }. */
  readonly config?: Record<string, string>;
  readonly program?: ProgramFolder;
}

export class DynamicProcess extends ProviderProcess {
  private constructor(
    started: Started,
    private readonly program: ProgramFolder,
  ) {
    super(started);
  }

  static async start(options: DynamicOptions = {}): Promise<DynamicProcess> {
    const program = options.program ?? programFolder();
    const script = path.join(repository, "node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js");
    const words = [script, "127.0.0.1:1"];
    const started = await startProvider(process.execPath, words, { cwd: program.path, env: options.env });
    const running = new DynamicProcess(started, program);
    const request = new proto.ConfigureRequest();
    request.setArgs(structOf(options.config ?? {}));
    await running.call(started.client.configure, request);
    return running;
  }

  protected dressed(kind: string, props: Props): Props {
    return { ...props, __provider: stubOf(kind) };
  }

  protected urnOf(): string {
    return "";
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.program[Symbol.dispose]();
  }
}
