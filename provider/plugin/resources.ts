/** Resources: check, diff, create, read, update and delete of every kind, as the engine asks a plugin for them. */
import { withoutSecretsShown } from "../checked";
import type { CheckFailure, Core, Diff } from "../core/engine/core";
import { importedProperty, isImported, withWords } from "../core/engine/imported";
import { autoName } from "../core/engine/name";
import { plannedOuts } from "../core/engine/planned";
import { redactorOf } from "../core/engine/secrets";
import { ownerProperty } from "../core/engine/stamp";
import { type Props, unknownValue, visibleOf } from "../core/engine/values";
import { sourceOfProperty } from "../core/kinds/container/inherited";
import { projectNow } from "../endpoint";
import { foreseen } from "../foresight";
import { listen } from "../listener";
import { type Caller, Lost } from "../run";
import { type Verbs, verbsOf } from "../verbs";
import { diffAnswer, failureOf } from "./answers";
import { log } from "./engine-log";
import { Empty, type Messages, provider, type Struct } from "./grpc";
import { withIgnored } from "./ignored";
import { parseImportId } from "./import-id";
import { coreFor, ownerOf } from "./urn";
import { propsOf, secretPlaces, structOf, withSecretsOf } from "./values";

interface Asked {
  getUrn(): string;
}

const served = new Map<Core, Verbs>();

function kindOf(request: Asked): { readonly core: Core; readonly verbs: Verbs } {
  const core = coreFor(request.getUrn());
  const verbs = served.get(core) ?? verbsOf(core);
  served.set(core, verbs);
  return { core, verbs };
}

/** Runs a verb for as long as the engine listens. */
async function heard<T>(request: Asked & { getTimeout?(): number }, work: (caller: Caller) => Promise<T>): Promise<T> {
  using listener = listen();
  const timeoutSeconds = request.getTimeout?.() || undefined;
  return await work({ ...listener, timeoutSeconds, log: (message) => log(request.getUrn(), message) });
}

/** The name that a new object gets, as the project wants it, else the one that its plan has seen too. */
function proposedName({ nameMaxLength }: Core, request: Messages.CheckRequest, resource: string): string | undefined {
  if (nameMaxLength === undefined) return undefined;
  const wanted = request.getAutonaming()?.getProposedName() ?? "";
  const isSuggestion = request.getAutonaming()?.getMode() === provider.CheckRequest.AutonamingOptions.Mode.PROPOSE;
  if (wanted !== "" && !(isSuggestion && wanted.length > nameMaxLength)) return wanted;
  return autoName(resource, nameMaxLength, request.getRandomseed_asU8());
}

const namesAreOff = (request: Messages.CheckRequest): boolean =>
  request.getAutonaming()?.getMode() === provider.CheckRequest.AutonamingOptions.Mode.DISABLE;

const withNamesOff = ({ property, reason }: CheckFailure): CheckFailure => ({
  property,
  reason: property === "name" ? "is required: the project switched made names off" : reason,
});

export async function check(request: Messages.CheckRequest): Promise<Messages.CheckResponse> {
  const { core, verbs } = kindOf(request);
  const owner = ownerOf(request.getUrn());
  const olds = propsOf(request.getOlds());
  const given = propsOf(request.getNews());
  const isNameless = "name" in core.inputs.shape && (given.name ?? undefined) === undefined;
  const isRefused = isNameless && namesAreOff(request) && olds.name === undefined;
  const named = isNameless && !isRefused ? { __logicalName: owner.resource } : {};
  const news = withSecretsOf({ ...visibleOf(given), [ownerProperty]: owner, ...named }, given);
  const checked = await verbs.check(olds, news, proposedName(core, request, owner.resource));
  const { inputs, failures } = withoutSecretsShown(checked, news, olds);
  const answer = new provider.CheckResponse();
  answer.setInputs(structOf(inputs));
  const whole = isRefused ? failures.map(withNamesOff) : failures;
  answer.setFailuresList(whole.map(failureOf));
  return answer;
}

interface Changed extends Asked {
  getOlds(): Struct | undefined;
  getNews(): Struct | undefined;
  getOldInputs(): Struct | undefined;
  getIgnorechangesList(): string[];
}

/** What an object is, as the state and its program's last words tell, and what it shall be. */
function changeOf(request: Changed): { olds: Props; news: Props } {
  const olds = withWords(propsOf(request.getOlds()), propsOf(request.getOldInputs()));
  return { olds, news: withIgnored(propsOf(request.getNews()), olds, request.getIgnorechangesList()) };
}

/**
 * Before the engine deletes an object to make it anew, it asks whether those that depend on it must go too, with each property that does as an
 * unknown as a whole. A copy needs its source no more.
 */
const withSourceAsked = (news: Props): Props =>
  news.source === unknownValue ? { ...news, [sourceOfProperty]: unknownValue } : news;

/** Whether a value that the state keeps in clear is a secret by now. */
function hasNewSecret(olds: Props, news: Props): boolean {
  const known = secretPlaces(olds).map((place) => JSON.stringify(place));
  const memberAt = (place: readonly string[]) =>
    place.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], olds);
  const isCovered = (place: readonly string[]) =>
    place.some((_, at) => known.includes(JSON.stringify(place.slice(0, at + 1))));
  return secretPlaces(news).some((place) => !isCovered(place) && memberAt(place) !== undefined);
}

export async function diff(request: Messages.DiffRequest): Promise<Messages.DiffResponse> {
  const { verbs } = kindOf(request);
  const { olds, news } = changeOf(request);
  const { notes = [], ...found } = await verbs.diff(request.getId(), olds, withSourceAsked(news));
  for (const note of notes) log(request.getUrn(), redactorOf(news, olds)(note));
  const changes = found.changes || (!isImported(olds) && hasNewSecret(olds, news));
  return diffAnswer({ ...found, changes } satisfies Diff);
}

/** Shows what the server would refuse, beside the resource in the plan. */
async function foretell(request: Asked, core: Core, verb: "create" | "update", inputs: Props): Promise<void> {
  using listener = listen();
  const trouble = await foreseen(core, verb, inputs, listener.signal);
  if (trouble !== undefined) log(request.getUrn(), trouble, true);
}

export async function create(request: Messages.CreateRequest): Promise<Messages.CreateResponse> {
  const { core, verbs } = kindOf(request);
  const inputs = propsOf(request.getProperties());
  const answer = new provider.CreateResponse();
  if (request.getPreview()) {
    // No id, though its words may be known: by an id programs tell whether what they ask about is there.
    answer.setProperties(structOf(plannedOuts(core, inputs)));
    await foretell(request, core, "create", inputs);
    return answer;
  }
  const { id, outs } = await heard(request, (caller) => verbs.create(caller, inputs));
  answer.setId(id);
  answer.setProperties(structOf(outs));
  return answer;
}

/** What is known of an object that is read: its state, the program's last words, or what the id of an import says. */
function known(core: Core, request: Messages.ReadRequest): { id: string; props: Props } {
  const state = propsOf(request.getProperties());
  const inputs = propsOf(request.getInputs());
  if (Object.keys(visibleOf(state)).length > 0)
    return { id: request.getId(), props: withSecretsOf(withWords(state, inputs), state, inputs) };
  const { id, inputs: said } = parseImportId(core, request.getId(), projectNow());
  return { id, props: { ...inputs, ...said, [importedProperty]: [] } };
}

export async function read(request: Messages.ReadRequest): Promise<Messages.ReadResponse> {
  const { core, verbs } = kindOf(request);
  const answer = new provider.ReadResponse();
  const { id, props } = known(core, request);
  const live = await orNothing(heard(request, (caller) => verbs.read(caller, id, props, () => undefined)));
  if (live === undefined) return answer;
  const { [importedProperty]: _, ...inputs } = live.inputs;
  answer.setId(live.id);
  answer.setProperties(structOf(live.outs));
  answer.setInputs(structOf(inputs));
  return answer;
}

export async function update(request: Messages.UpdateRequest): Promise<Messages.UpdateResponse> {
  const { core, verbs } = kindOf(request);
  const { olds, news } = changeOf(request);
  const answer = new provider.UpdateResponse();
  if (request.getPreview()) await foretell(request, core, "update", news);
  const outs = request.getPreview()
    ? plannedOuts(core, news, olds)
    : await heard(request, (caller) => verbs.update(caller, request.getId(), olds, news));
  answer.setProperties(structOf(outs));
  return answer;
}

export async function remove(request: Messages.DeleteRequest): Promise<InstanceType<typeof Empty>> {
  const { verbs } = kindOf(request);
  const props = propsOf(request.getProperties());
  await orNothing(heard(request, (caller) => verbs.delete(caller, request.getId(), props)));
  return new Empty();
}

/** What an object comes to whose server is lost. */
async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Lost) return undefined;
    throw error;
  }
}
