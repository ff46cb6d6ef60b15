/**
 * Entry: what the stub of every stored resource calls, by version. v1 is a contract: text in old states goes on calling it, so it
 * may learn and never forget. A change that breaks it is v2 beside it.
 */
import "../node-version";

import type { dynamic } from "@pulumi/pulumi";
import { type Checked, type Context, type Diff, type Live, othersProperty } from "../core/core";
import { coreOf } from "../core/cores";
import { InitFailed, safeError } from "../core/failure";
import { type Redact, redactorOf, withoutSecretValues } from "../core/secrets";
import { isMap, type Props } from "../core/values";
import { clientFor, setStackEndpoint, surroundingReason } from "../endpoint";
import { shownOnce } from "./quiet";

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

async function contextFor(verb: Verb, props: Props, redact: Redact): Promise<Context> {
  const timeoutMs = timeoutMsOf(verb, props);
  const signal = AbortSignal.timeout(timeoutMs);
  const log = (message: string) => console.log(redact(message));
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

/** Says in preview what no daemon need be asked for. */
function withEndpoint({ inputs, failures }: Checked): Checked {
  const reason = inputs.endpoint === undefined ? surroundingReason() : undefined;
  return { inputs, failures: reason === undefined ? failures : [...failures, { property: "endpoint", reason }] };
}

/** The engine stops at the first resource that fails, so that one tells of the others too. */
function withOthers({ inputs, failures }: Checked, others: unknown): Checked {
  if (failures.length === 0 || !Array.isArray(others)) return { inputs, failures };
  return {
    inputs,
    failures: [...failures, ...others.map((line) => ({ property: "", reason: `Also wrong: ${line}` }))],
  };
}

/** The engine prints the value of a property that fails, a secret one too. */
function withoutSecretsShown({ inputs, failures }: Checked, ...given: Props[]): Checked {
  if (failures.length === 0) return { inputs, failures };
  const redact = redactorOf(...given);
  return {
    inputs: withoutSecretValues(inputs),
    failures: failures.map(({ property, reason }) => ({ property: redact(property), reason: redact(reason) })),
  };
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
      context = await contextFor(verb, props, redactorOf(...inputs));
      return await work(context);
    } catch (error) {
      const what = `Cannot ${verb} ${core.kind.replace("-", " ")} "${String(name)}"`;
      throw shownOnce(safeError(context?.signal.aborted ? tookTooLong(error, verb, context) : error, what, ...inputs));
    }
  }

  return {
    async configure({ config }) {
      setStackEndpoint(config.get("bothy:endpoint"));
    },
    check: async (olds, { [othersProperty]: others, ...news }) =>
      withoutSecretsShown(withOthers(withEndpoint(await core.check(olds, news)), others), news, olds),
    diff: async (_id, olds, news) => {
      const { notes = [], ...diff } = core.diff(olds, news);
      for (const note of notes) console.log(redactorOf(news, olds)(note));
      return diff;
    },
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
