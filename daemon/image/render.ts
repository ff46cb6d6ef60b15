/**
 * Render: LXD's file templates (api-1.0.md 1.7), the part of pongo2's Django-like language that images use:
 * {{ expression|filter:argument }}, {% if %}/{% elif %}/{% else %}, {% for %}, {% set %}, {# comment #}.
 * Values are plain data: nothing of JavaScript can be reached from a template, and output and steps are bounded.
 */
import { badRequest } from "../../sdk/api/errors";
import type { ImageMetadata } from "./metadata";
import { type Expression, evaluate, parseExpression } from "./render-expression";
import { maxText, textOf, truthy, type Value } from "./render-value";

export type Variables = Readonly<Record<string, Value>>;

const maxSteps = 200_000;

type Node =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "output"; readonly expression: Expression }
  | { readonly type: "set"; readonly name: string; readonly expression: Expression }
  | {
      readonly type: "if";
      readonly branches: readonly { readonly when: Expression | undefined; readonly then: readonly Node[] }[];
    }
  | {
      readonly type: "for";
      readonly names: readonly string[];
      readonly over: Expression;
      readonly body: readonly Node[];
    };

/**
 * @param text the template
 * @param variables what it may name: trigger, path, container, instance, config, devices, properties, config_get
 * @throws ApiError BAD_REQUEST when the template is malformed or its output would be too long
 */
export function renderTemplate(text: string, variables: Variables): string {
  const parser = new Parser(tokensOf(text));
  const nodes = parser.nodes([]);
  const output = new Output();
  output.render(nodes, new Map(Object.entries(variables)));
  return output.text;
}

export type Trigger = "create" | "copy" | "start" | "rename";

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

/** Renders the files of an image that belong to a trigger; the caller writes them with bothy-cell, never by host path. */
export function renderFiles(
  image: { readonly metadata: ImageMetadata; readonly templates: Readonly<Record<string, string>> },
  trigger: Trigger,
  subject: TemplateSubject,
): RenderedFile[] {
  return Object.entries(image.metadata.templates)
    .filter(([, template]) => template.when.includes(trigger))
    .map(([innerPath, { template, properties, create_only }]) => ({
      innerPath,
      content: renderTemplate(
        image.templates[template] ?? "",
        templateVariables({ trigger, path: innerPath, properties, ...subject }),
      ),
      createOnly: create_only,
    }));
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

interface Token {
  readonly type: "text" | "output" | "tag";
  readonly text: string;
}

const wrong = (cause: string) => badRequest(`Cannot render the template: ${cause}. Correct it in the image.`);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimsNext = false;
  const push = (raw: string, trimEnd: boolean) => {
    const begun = trimsNext ? raw.trimStart() : raw;
    const body = trimEnd ? begun.trimEnd() : begun;
    if (body !== "") tokens.push({ type: "text", text: body });
    trimsNext = false;
  };
  for (;;) {
    const open = nextOpening(text, at);
    if (open < 0) {
      push(text.slice(at), false);
      return tokens;
    }
    const kind = text.charAt(open + 1);
    const closing = kind === "{" ? "}}" : `${kind}}`;
    const end = closingOf(text, open + 2, closing, kind === "#");
    let inner = text.slice(open + 2, end);
    push(text.slice(at, open), inner.startsWith("-"));
    if (inner.startsWith("-")) inner = inner.slice(1);
    if (inner.endsWith("-")) {
      inner = inner.slice(0, -1);
      trimsNext = true;
    }
    if (kind !== "#") tokens.push({ type: kind === "{" ? "output" : "tag", text: inner.trim() });
    at = end + 2;
  }
}

function nextOpening(text: string, from: number): number {
  for (let at = text.indexOf("{", from); at >= 0; at = text.indexOf("{", at + 1))
    if ("{%#".includes(text.charAt(at + 1) || " ")) return at;
  return -1;
}

/** The end of a tag; what stands between quotes does not end it. */
function closingOf(text: string, from: number, closing: string, isComment: boolean): number {
  let quote = "";
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (!isComment && (char === '"' || char === "'")) quote = char;
    else if (text.startsWith(closing, at)) return at;
  }
  throw wrong(`a tag is not closed by "${closing}"`);
}

class Parser {
  #at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  /** Nodes up to one of the given tags, which stays the current token; all to the end for none. */
  nodes(until: readonly string[]): Node[] {
    const nodes: Node[] = [];
    for (; this.#at < this.tokens.length; this.#at += 1) {
      const token = this.tokens[this.#at]!;
      if (token.type === "text") nodes.push({ type: "text", text: token.text });
      else if (token.type === "output") nodes.push({ type: "output", expression: parseExpression(token.text) });
      else {
        const word = wordOf(token);
        if (until.includes(word)) return nodes;
        nodes.push(this.#tag(word, token.text.slice(word.length).trim()));
      }
    }
    if (until.length > 0) throw wrong(`"${until.at(-1)}" is missing`);
    return nodes;
  }

  #tag(word: string, rest: string): Node {
    if (word === "if") return this.#if(rest);
    if (word === "for") return this.#for(rest);
    if (word === "set") {
      const match = /^([A-Za-z_]\w*)\s*=\s*(.+)$/s.exec(rest);
      if (match === null) throw wrong(`"set ${rest}" is no assignment`);
      return { type: "set", name: match[1]!, expression: parseExpression(match[2]!) };
    }
    throw wrong(`the tag "${word}" is not known`);
  }

  #if(condition: string): Node {
    const branches: { when: Expression | undefined; then: Node[] }[] = [];
    let when: Expression | undefined = parseExpression(condition);
    for (;;) {
      this.#at += 1;
      const then = this.nodes(["elif", "else", "endif"]);
      branches.push({ when, then });
      const token = this.tokens[this.#at]!;
      const word = wordOf(token);
      if (word === "endif") return { type: "if", branches };
      when = word === "elif" ? parseExpression(token.text.slice(word.length).trim()) : undefined;
    }
  }

  #for(head: string): Node {
    const match = /^([A-Za-z_]\w*)(?:\s*,\s*([A-Za-z_]\w*))?\s+in\s+(.+)$/s.exec(head);
    if (match === null) throw wrong(`"for ${head}" is no loop`);
    this.#at += 1;
    const body = this.nodes(["endfor"]);
    const names = match.slice(1, 3).filter((name) => name !== undefined);
    return { type: "for", names, over: parseExpression(match[3]!), body };
  }
}

const wordOf = (token: Token): string => token.text.split(/\s/, 1)[0]!;

class Output {
  text = "";
  #steps = 0;

  render(nodes: readonly Node[], scope: Map<string, Value>): void {
    for (const node of nodes) {
      this.#steps += 1;
      if (this.#steps > maxSteps) throw wrong("it takes too many steps");
      this.#one(node, scope);
      if (this.text.length > maxText) throw wrong(`its output is longer than ${maxText} characters`);
    }
  }

  #one(node: Node, scope: Map<string, Value>): void {
    if (node.type === "text") this.text += node.text;
    else if (node.type === "output") this.text += textOf(evaluate(node.expression, scope));
    else if (node.type === "set") scope.set(node.name, evaluate(node.expression, scope));
    else if (node.type === "if") {
      const branch = node.branches.find(({ when }) => when === undefined || truthy(evaluate(when, scope)));
      if (branch !== undefined) this.render(branch.then, scope);
    } else
      for (const [first, second] of pairsOf(evaluate(node.over, scope)))
        this.render(
          node.body,
          new Map([
            ...scope,
            [node.names[0]!, first],
            ...(node.names[1] === undefined ? [] : [[node.names[1], second] as const]),
          ]),
        );
  }
}

/** What a loop goes over: a map by sorted keys (key, value), a list (value, undefined). */
function pairsOf(value: Value): [Value, Value][] {
  if (Array.isArray(value)) return (value as readonly Value[]).map((each) => [each, undefined]);
  if (typeof value === "object" && value !== null)
    return Object.entries(value as Record<string, Value>).sort(([a], [b]) => (a < b ? -1 : 1));
  return typeof value === "string" ? [...value].map((each) => [each, undefined]) : [];
}
