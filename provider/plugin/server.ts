/** Server: the protocol's calls, each with what answers it. The protocol is proto/pulumi/provider.proto of Pulumi's repository. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot, packageVersion } from "../../sdk/host/package";
import { propertyPath } from "../core/engine/check";
import { redactorOf, secretsProperty, withoutSecretValues } from "../core/engine/secrets";
import type { Props } from "../core/engine/values";
import { setDefaults } from "../endpoint";
import { errorAnswer, failureOf } from "./answers";
import { changedInputs, checkConfiguration, defaultsOf, secretInputs } from "./configuration";
import { logTo } from "./engine-log";
import { invoke } from "./functions";
import { Empty, type Grpc, grpc, type Messages, plugin, provider, ResourceProviderService } from "./grpc";
import { movingInputs } from "./moved";
import { check, create, diff, read, remove, update } from "./resources";
import { propsOf, structOf } from "./values";

/** As the engine has it: a state with many files is long. */
const longestMessageBytes = 400 * 1024 * 1024;

/** What the plugin understands of the protocol: secrets as such, previews, names that the project makes. */
function handshake(request: Messages.ProviderHandshakeRequest): Messages.ProviderHandshakeResponse {
  if (request.getEngineAddress() !== "") logTo(request.getEngineAddress());
  const answer = new provider.ProviderHandshakeResponse();
  answer.setAcceptSecrets(true);
  answer.setSupportsAutonamingConfiguration(true);
  return answer;
}

const withSecretInputs = (props: Props): Props => ({
  ...props,
  [secretsProperty]: secretInputs.filter((name) => props[name] !== undefined).map((name) => [name]),
});

function checkConfig(request: Messages.CheckRequest): Messages.CheckResponse {
  const inputs = withSecretInputs(propsOf(request.getNews()));
  const failures = checkConfiguration(inputs);
  const redact = redactorOf(inputs);
  const answer = new provider.CheckResponse();
  answer.setInputs(structOf(failures.length === 0 ? inputs : withoutSecretValues(inputs)));
  answer.setFailuresList(failures.map(({ property, reason }) => failureOf({ property, reason: redact(reason) })));
  return answer;
}

async function diffConfig(request: Messages.DiffRequest): Promise<Messages.DiffResponse> {
  const [olds, news] = [propsOf(request.getOldInputs() ?? request.getOlds()), propsOf(request.getNews())];
  const changed = changedInputs(olds, news);
  const replaces = changed.length === 0 ? [] : await movingInputs(olds, news);
  const answer = new provider.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
  answer.setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME);
  answer.setReplacesList(replaces);
  answer.setDiffsList(changed.map((name) => propertyPath([name])));
  return answer;
}

function configure(request: Messages.ConfigureRequest): Messages.ConfigureResponse {
  setDefaults(defaultsOf(propsOf(request.getArgs())));
  const answer = new provider.ConfigureResponse();
  answer.setAcceptsecrets(true);
  answer.setSupportspreview(true);
  answer.setSupportsAutonamingConfiguration(true);
  return answer;
}

function getPluginInfo() {
  const answer = new plugin.PluginInfo();
  answer.setVersion(packageVersion());
  return answer;
}

/** schema.json of the package, with the version that it is installed in. */
function getSchema(): Messages.GetSchemaResponse {
  const schema = JSON.parse(readFileSync(path.join(packageRoot, "schema.json"), "utf8")) as object;
  const answer = new provider.GetSchemaResponse();
  answer.setSchema(JSON.stringify({ ...schema, version: packageVersion() }));
  return answer;
}

/** A call whose answer, or error, comes of a function. */
const answering =
  <Request, Response>(work: (request: Request) => Response | Promise<Response>) =>
  (call: { readonly request: Request }, done: Grpc.sendUnaryData<Response>): void => {
    Promise.resolve(call.request)
      .then(work)
      .then(
        (answer) => done(null, answer),
        (error: unknown) => done(errorAnswer(error)),
      );
  };

const nothing = () => new Empty();

/** Calls that end what is under way: the listener hears of Cancel by itself. */
const handlers = {
  handshake: answering(handshake),
  getPluginInfo: answering(getPluginInfo),
  getSchema: answering(getSchema),
  checkConfig: answering(checkConfig),
  diffConfig: answering(diffConfig),
  configure: answering(configure),
  check: answering(check),
  diff: answering(diff),
  create: answering(create),
  read: answering(read),
  update: answering(update),
  delete: answering(remove),
  invoke: answering(invoke),
  cancel: answering(nothing),
  attach: answering(nothing),
};

/** Serves on a free port of this machine. @returns the port */
export function serve(engineAddress: string | undefined): Promise<number> {
  logTo(engineAddress);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": longestMessageBytes,
    "grpc.max_send_message_length": longestMessageBytes,
  });
  server.addService(ResourceProviderService, handlers as unknown as Grpc.UntypedServiceImplementation);
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
