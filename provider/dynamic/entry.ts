/**
 * Entry: what the stub of every stored resource calls, by version. v1 is a contract: text in old states goes on calling it, so it
 * may learn and never forget. A change that breaks it is v2 beside it.
 */
import "../node-version";

import type { dynamic } from "@pulumi/pulumi";
import type { Checked, Context, Diff, Live } from "../core/core";
import { coreOf } from "../core/cores";
import { InitFailed, safeError } from "../core/failure";
import { isMap, type Props } from "../core/values";
import { clientFor, setStackEndpoint } from "../endpoint";

/** The provider of one kind, in the shape that Pulumi's dynamic-provider process expects. */
export interface DynamicProvider {
  configure(request: dynamic.ConfigureRequest): Promise<void>;
  check(olds: Props, news: Props): Promise<Checked>;
  diff(id: string, olds: Props, news: Props): Promise<Diff>;
  create(inputs: Props): Promise<{ id: string; outs: Props }>;
  read(id: string, props: Props): Promise<{ id?: string; props?: Props; inputs?: Props }>;
  update(id: string, olds: Props, news: Props): Promise<{ outs: Props }>;
  delete(id: string, props: Props): Promise<void>;
}

const defaultTimeoutSeconds = 600;

type Verb = "create" | "read" | "update" | "delete";

function timeoutMsOf(verb: Verb, props: Props): number {
  const seconds = isMap(props.timeouts) ? props.timeouts[`${verb}Seconds`] : undefined;
  return (typeof seconds === "number" ? seconds : defaultTimeoutSeconds) * 1000;
}

async function contextFor(verb: Verb, props: Props): Promise<Context> {
  const timeoutMs = timeoutMsOf(verb, props);
  const signal = AbortSignal.timeout(timeoutMs);
  const log = (message: string) => console.log(message);
  // Only verbs that change something start a daemon: check, diff and read also run in preview.
  const client = await clientFor(props.endpoint, { start: verb !== "read", signal, log });
  return { client, signal, timeoutMs, log };
}

const providers = new Map<string, DynamicProvider>();

/** @returns the provider of a kind, the same object for every call */
export function v1(kind: string): DynamicProvider {
  const known = providers.get(kind);
  if (known !== undefined) return known;
  const provider = makeProvider(kind);
  providers.set(kind, provider);
  return provider;
}

/** What went wrong once the time was over is only that; a half-made object stays one. */
function tookTooLong(error: unknown, verb: Verb, { timeoutMs }: Context): Error {
  const over = new Error(
    `it took longer than ${timeoutMs / 1000} seconds. Raise timeouts.${verb}Seconds of the resource, then run up again.`,
  );
  return error instanceof InitFailed ? new InitFailed(error.id, error.properties, over) : over;
}

function makeProvider(kind: string): DynamicProvider {
  const core = coreOf(kind);

  /** Runs a verb within its time; whatever goes wrong leaves without secrets and says which object it was about. */
  async function run<T>(
    verb: Verb,
    name: unknown,
    inputs: Props[],
    work: (context: Context) => Promise<T>,
  ): Promise<T> {
    const props = inputs[0] ?? {};
    let context: Context | undefined;
    try {
      context = await contextFor(verb, props);
      return await work(context);
    } catch (error) {
      const what = `Cannot ${verb} ${core.kind.replace("-", " ")} "${String(name)}"`;
      throw safeError(context?.signal.aborted ? tookTooLong(error, verb, context) : error, what, ...inputs);
    }
  }

  return {
    async configure({ config }) {
      setStackEndpoint(config.get("bothy:endpoint"));
    },
    check: (olds, news) => core.check(olds, news),
    diff: async (_id, olds, news) => core.diff(olds, news),
    create: (inputs) =>
      run("create", inputs.name ?? inputs.template ?? inputs.sourceFile, [inputs], async (context) => {
        const { id, outs } = await core.create(context, inputs);
        return { id, outs };
      }),
    read: (id, props) =>
      run("read", id, [props], async (context) => {
        const live: Live | undefined = await core.read(context, id, props);
        return live === undefined ? {} : { id: live.id, props: live.outs, inputs: live.inputs };
      }),
    update: (id, olds, news) =>
      run("update", id, [news, olds], async (context) => ({ outs: (await core.update(context, id, olds, news)).outs })),
    delete: (id, props) => run("delete", id, [props], (context) => core.delete(context, id, props)),
  };
}
