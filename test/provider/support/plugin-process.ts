/** Plugin process: pulumi-resource-bothy, spoken to by raw gRPC as the engine does. */
import path from "node:path";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { compact, type Props } from "../../../provider/core/engine/values";
import { coreOf } from "../../../provider/core/kinds/cores";
import { repository } from "./program";
import { ProviderProcess, startProvider, structOf } from "./provider-process";

export { InitFailedAnswer, unknown } from "./provider-process";

export interface PluginOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Inputs of the provider resource. */
  readonly config?: Props;
  /** Name of the resource in the program. */
  readonly resource?: string;
}

const signature = { key: "4dabf18193072939515e22adb298388d", secret: "1b47061264138c4ac30d75fd1eb44270" };

/** A value as the engine marks a secret. */
export const secret = (value: unknown): Props => ({ [signature.key]: signature.secret, value });

const kindWords: Record<number, string> = {
  [proto.PropertyDiff.Kind.ADD]: "add",
  [proto.PropertyDiff.Kind.ADD_REPLACE]: "add, replace",
  [proto.PropertyDiff.Kind.DELETE]: "delete",
  [proto.PropertyDiff.Kind.DELETE_REPLACE]: "delete, replace",
  [proto.PropertyDiff.Kind.UPDATE]: "update",
  [proto.PropertyDiff.Kind.UPDATE_REPLACE]: "update, replace",
};

/** By hand the modules as they are compiled; npm test has bundles. */
export const pluginCommand = (): [string, ...string[]] =>
  process.env.BOTHY_TEST_BUNDLE
    ? [path.join(repository, "bin/pulumi-resource-bothy")]
    : [process.execPath, path.join(repository, "dist/provider/plugin/main.js")];

export class PluginProcess extends ProviderProcess {
  resource = "web";

  static async start(options: PluginOptions = {}): Promise<PluginProcess> {
    const [command, ...words] = pluginCommand();
    const plugin = new PluginProcess(await startProvider(command, words, { env: options.env }));
    plugin.resource = options.resource ?? "web";
    await plugin.call(plugin.client.handshake, new proto.ProviderHandshakeRequest());
    await plugin.configure(compact(options.config ?? {}));
    return plugin;
  }

  protected dressed(_kind: string, props: Props): Props {
    return props;
  }

  protected urnOf(kind: string): string {
    return `urn:pulumi:dev::shop::bothy:index:${coreOf(kind).type}::${this.resource}`;
  }

  /** @returns failures by property, and the inputs as the state keeps them */
  async checkConfig(config: Props): Promise<{ inputs: Props; failures: Record<string, string> }> {
    const request = new proto.CheckRequest();
    request.setNews(structOf(config));
    const answer = await this.call<proto.CheckRequest, proto.CheckResponse>(this.client.checkConfig, request);
    const failures = answer.getFailuresList().map((one) => [one.getProperty(), one.getReason()] as const);
    return { inputs: (answer.getInputs()?.toJavaScript() ?? {}) as Props, failures: Object.fromEntries(failures) };
  }

  async configure(config: Props): Promise<proto.ConfigureResponse> {
    const request = new proto.ConfigureRequest();
    request.setArgs(structOf(config));
    return this.call<proto.ConfigureRequest, proto.ConfigureResponse>(this.client.configure, request);
  }

  async diffConfig(olds: Props, news: Props): Promise<{ changes: string[]; replaces: string[] }> {
    const request = new proto.DiffRequest();
    request.setOlds(structOf(olds));
    request.setNews(structOf(news));
    const answer = await this.call<proto.DiffRequest, proto.DiffResponse>(this.client.diffConfig, request);
    return { changes: answer.getDiffsList(), replaces: answer.getReplacesList() };
  }

  async schema(): Promise<Props> {
    const request = new proto.GetSchemaRequest();
    const answer = await this.call<proto.GetSchemaRequest, proto.GetSchemaResponse>(this.client.getSchema, request);
    return JSON.parse(answer.getSchema()) as Props;
  }

  /** Calls a function. @throws Error with its failures */
  async invoke(name: string, args: Props): Promise<Props> {
    const request = new proto.InvokeRequest();
    request.setTok(`bothy:index:${name}`);
    request.setArgs(structOf(args));
    const answer = await this.call<proto.InvokeRequest, proto.InvokeResponse>(this.client.invoke, request);
    const failures = answer.getFailuresList().map((one) => `${one.getProperty()} ${one.getReason()}`);
    if (failures.length > 0) throw new Error(failures.join("; "));
    return (answer.getReturn()?.toJavaScript() ?? {}) as Props;
  }

  /** A check by a project that says how names are made, or with the seed of a plan. */
  async checkedNamed(kind: string, news: Props, how: { propose?: string; off?: boolean; seed?: Uint8Array }) {
    const request = this.checkRequest(kind, {}, news);
    const options = new proto.CheckRequest.AutonamingOptions();
    options.setMode(proto.CheckRequest.AutonamingOptions.Mode[how.off ? "DISABLE" : "PROPOSE"]);
    options.setProposedName(how.propose ?? "");
    if (how.propose !== undefined || how.off) request.setAutonaming(options);
    request.setRandomseed(how.seed ?? "");
    const answer = await this.call<proto.CheckRequest, proto.CheckResponse>(this.client.check, request);
    return {
      name: ((answer.getInputs()?.toJavaScript() ?? {}) as Props).name,
      failures: answer.getFailuresList().map((one) => `${one.getProperty()} ${one.getReason()}`),
    };
  }

  /** Changes by their paths, as a plan shows them. */
  async details(kind: string, id: string, olds: Props, news: Props, ignored: readonly string[] = []) {
    const answer = await this.askDiff(kind, id, olds, news, {}, ignored);
    const found: Record<string, string> = {};
    answer.getDetaileddiffMap().forEach((diff, at) => {
      found[at] = kindWords[diff.getKind()] ?? "";
    });
    return found;
  }
}
