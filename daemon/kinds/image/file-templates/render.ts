/**
 * Render: LXD's file templates (docs/lxd-api.md, Images), the part of pongo2's Django-like language that images use:
 * {{ expression|filter:argument }}, {% if %}/{% elif %}/{% else %}, {% ifequal %}, {% for %}/{% empty %}, {% set %}, {% with %}, {# comment #}.
 * Values are plain data: nothing of JavaScript can be reached from a template, and output and steps are bounded.
 */
import { badRequest } from "../../../../sdk/api/errors";
import type { ImageMetadata, Trigger } from "../archive/metadata";
import { evaluate } from "./expression";
import { type Node, parseTemplate } from "./parser";
import { Budget, maxText, textOf, truthy, type Value, wrong } from "./value";

export type Variables = Readonly<Record<string, Value>>;

/**
 * @param text the template
 * @param variables what it may name: trigger, path, container, instance, config, devices, properties, config_get
 * @throws ApiError BAD_REQUEST when the template is malformed or its output would be too long
 */
export function renderTemplate(text: string, variables: Variables, budget = new Budget()): string {
  const nodes = parseTemplate(text);
  const output = new Output(budget);
  output.render(nodes, new Map(Object.entries(variables)));
  return output.text;
}

export interface RenderedFile {
  /** Path inside the container. */
  readonly innerPath: string;
  readonly content: string;
  /** Whether a file that is there already stays as it is. */
  readonly createOnly: boolean;
}

/** What of an instance its templates may see. */
export interface TemplateSubject {
  readonly instance: { name: string; architecture: string; privileged: boolean; ephemeral: boolean };
  readonly config: Readonly<Record<string, string>>;
  readonly devices: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Renders the files of an image that belong to a trigger, with one budget for all; the caller writes them with bothy-cell, never by host path. */
export function renderFiles(
  image: { readonly metadata: ImageMetadata; readonly templates: Readonly<Record<string, string>> },
  trigger: Trigger,
  subject: TemplateSubject,
): RenderedFile[] {
  const budget = new Budget();
  return Object.entries(image.metadata.templates)
    .filter(([, template]) => template.when.includes(trigger))
    .map(([innerPath, { template, properties, create_only }]) => ({
      innerPath,
      content: renderTemplate(
        requireText(image.templates, template),
        templateVariables({ trigger, path: innerPath, properties, ...subject }),
        budget,
      ),
      createOnly: create_only,
    }));
}

/** One that an image lacks was refused with the image; a client may have deleted it since. */
function requireText(templates: Readonly<Record<string, string>>, name: string): string {
  if (!Object.hasOwn(templates, name))
    throw badRequest(`the template ${JSON.stringify(name)} is missing. Write it, or take it out of the metadata.`);
  return templates[name]!;
}

/** Variables of one instance. */
export function templateVariables(
  of: TemplateSubject & {
    readonly trigger: Trigger;
    readonly path: string;
    readonly properties: Readonly<Record<string, string>>;
  },
): Variables {
  const { name, architecture, privileged, ephemeral } = of.instance;
  const instance = { name, architecture, privileged: String(privileged), ephemeral: String(ephemeral) };
  return {
    trigger: of.trigger,
    path: of.path,
    container: instance,
    instance,
    config: of.config,
    devices: of.devices,
    properties: of.properties,
    config_get: (key, fallback) =>
      typeof key === "string" && Object.hasOwn(of.config, key) ? of.config[key] : fallback,
  };
}

/** Steps that the copy of one name takes, which is slower by so much than a look at a character. */
const copyCost = 20;

class Output {
  text = "";

  constructor(private readonly budget: Budget) {}

  render(nodes: readonly Node[], scope: Map<string, Value>): void {
    for (const node of nodes) {
      this.budget.spend(1);
      this.#one(node, scope);
      if (this.text.length > maxText) throw wrong(`its output is longer than ${maxText} characters`);
    }
  }

  #one(node: Node, scope: Map<string, Value>): void {
    if (node.type === "text") this.#print(node.text);
    else if (node.type === "output") this.#print(evaluate(node.expression, scope, this.budget));
    else if (node.type === "set") scope.set(node.name, evaluate(node.expression, scope, this.budget));
    else if (node.type === "if") {
      const branch = node.branches.find(({ when }) => when === undefined || truthy(evaluate(when, scope, this.budget)));
      if (branch !== undefined) this.render(branch.then, scope);
    } else if (node.type === "with") {
      this.budget.spend(scope.size * copyCost);
      const values = node.values.map(([name, value]) => [name, evaluate(value, scope, this.budget)] as const);
      this.render(node.body, new Map([...scope, ...values]));
    } else this.#loop(node, scope);
  }

  #loop(node: Node & { type: "for" }, scope: Map<string, Value>): void {
    const over = evaluate(node.over, scope, this.budget);
    this.budget.spendOn(over);
    const pairs = pairsOf(over, node.isSorted);
    if (node.isReversed) pairs.reverse();
    if (pairs.length === 0) this.render(node.empty, scope);
    for (const [index, [first, second]] of pairs.entries()) {
      // Each turn has names of its own.
      this.budget.spend(scope.size * copyCost);
      const turn = new Map(scope).set("forloop", turnOf(index, pairs.length)).set(node.names[0]!, first);
      if (node.names[1] !== undefined) turn.set(node.names[1], second);
      this.render(node.body, turn);
    }
  }

  #print(value: Value): void {
    this.budget.spendOn(value);
    this.text += textOf(value);
  }
}

/** What a loop tells of its turn. */
const turnOf = (index: number, length: number): Value => ({
  Counter: index + 1,
  Counter0: index,
  Revcounter: length - index,
  Revcounter0: length - index - 1,
  First: index === 0,
  Last: index === length - 1,
});

/** What a loop goes over: a map by sorted keys (key, value), a list (value, undefined). */
function pairsOf(value: Value, isSorted: boolean): [Value, Value][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.entries(value as Record<string, Value>).sort(([a], [b]) => (a < b ? -1 : 1));
  const list: readonly Value[] = Array.isArray(value) ? value : typeof value === "string" ? [...value] : [];
  const ordered = isSorted ? [...list].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) : list;
  return ordered.map((each) => [each, undefined]);
}
