/** The tags of file templates: text, output, set, with, if, ifequal, for, comment, autoescape. */
import { type Expression, parseExpression } from "./expression";
import { wrong } from "./value";

export type Node =
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
      readonly isSorted: boolean;
      readonly isReversed: boolean;
      readonly body: readonly Node[];
      /** What there is for nothing to go over. */
      readonly empty: readonly Node[];
    }
  | {
      readonly type: "with";
      readonly values: readonly (readonly [name: string, value: Expression])[];
      readonly body: readonly Node[];
    };

/** @throws ApiError BAD_REQUEST when the template is malformed */
export const parseTemplate = (text: string): Node[] => new Parser(tokensOf(text)).nodes([]);

interface Token {
  readonly type: "text" | "output" | "tag";
  readonly text: string;
}

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

const maxDepth = 50;

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  /** Nodes up to one of the given tags, which stays the current token; all to the end for none. */
  nodes(until: readonly string[]): Node[] {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw wrong("tags are nested too deeply");
    const nodes = this.#upTo(until);
    this.#depth -= 1;
    return nodes;
  }

  #upTo(until: readonly string[]): Node[] {
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
      if (match === null) throw wrong(`"set ${rest}" is not an assignment`);
      return { type: "set", name: match[1]!, expression: parseExpression(match[2]!) };
    }
    if (word === "ifequal" || word === "ifnotequal") return this.#ifEqual(word, rest);
    if (word === "with") return { type: "with", values: valuesOf(rest), body: this.#body("endwith") };
    // Nothing is escaped, as in LXD's own templates.
    if (word === "autoescape") return { type: "with", values: [], body: this.#body("endautoescape") };
    if (word === "comment") return this.#comment();
    throw wrong(`the tag "${word}" is not known`);
  }

  #body(end: string): Node[] {
    this.#at += 1;
    return this.nodes([end]);
  }

  #comment(): Node {
    while (wordOf(this.tokens[this.#at] ?? missing("endcomment")) !== "endcomment" || this.#isNoTag()) this.#at += 1;
    return { type: "text", text: "" };
  }

  #isNoTag(): boolean {
    return this.tokens[this.#at]?.type !== "tag";
  }

  #ifEqual(word: string, rest: string): Node {
    const [left, right, ...more] = partsOf(rest, /\s+/y);
    if (left === undefined || right === undefined || more.length > 0) throw wrong(`"${word}" takes two values`);
    const operator = word === "ifequal" ? "==" : "!=";
    const when: Expression = { type: "binary", operator, left: parseExpression(left), right: parseExpression(right) };
    return this.#branches(when, ["else", `end${word}`]);
  }

  #if(condition: string): Node {
    return this.#branches(parseExpression(condition), ["elif", "else", "endif"]);
  }

  /** @param words tags that end a branch, that of the whole last */
  #branches(first: Expression, words: readonly string[]): Node {
    const branches: { when: Expression | undefined; then: Node[] }[] = [];
    let when: Expression | undefined = first;
    for (;;) {
      this.#at += 1;
      const then = this.nodes(words);
      branches.push({ when, then });
      const token = this.tokens[this.#at]!;
      const word = wordOf(token);
      if (word === words.at(-1)) return { type: "if", branches };
      when = word === "elif" ? parseExpression(token.text.slice(word.length).trim()) : undefined;
    }
  }

  #for(head: string): Node {
    const match = /^([A-Za-z_]\w*)(?:\s*,\s*([A-Za-z_]\w*))?\s+in\s+(.+)$/s.exec(head);
    if (match === null) throw wrong(`"for ${head}" is not a loop`);
    const [, over = "", flags = ""] = /^(.*?)((?:\s+(?:sorted|reversed))*)$/s.exec(match[3]!) ?? [];
    this.#at += 1;
    const body = this.nodes(["empty", "endfor"]);
    const empty = wordOf(this.tokens[this.#at]!) === "empty" ? this.#body("endfor") : [];
    const names = match.slice(1, 3).filter((name) => name !== undefined);
    const [isSorted, isReversed] = [flags.includes("sorted"), flags.includes("reversed")];
    return { type: "for", names, over: parseExpression(over), isSorted, isReversed, body, empty };
  }
}

function missing(tag: string): never {
  throw wrong(`"${tag}" is missing`);
}

/** Names and values of a "with": "a=1 b=2", or "1 as a". */
function valuesOf(text: string): [name: string, value: Expression][] {
  const old = /^(.+)\s+as\s+([A-Za-z_]\w*)$/s.exec(text);
  if (old !== null) return [[old[2]!, parseExpression(old[1]!)]];
  return partsOf(text, /\s+(?=[A-Za-z_]\w*\s*=(?!=))/y).map((part) => {
    const [, name = "", value = ""] = /^([A-Za-z_]\w*)\s*=\s*(.+)$/s.exec(part) ?? [];
    if (name === "") throw wrong(`"with ${text}" is not an assignment`);
    return [name, parseExpression(value)];
  });
}

/** Cuts a text where a sticky pattern fits outside of quotes. */
function partsOf(text: string, between: RegExp): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; ) {
    const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/s.exec(text.slice(at))?.[0];
    between.lastIndex = at;
    const gap = quoted === undefined ? between.exec(text)?.[0] : undefined;
    if (gap !== undefined) parts.push(part);
    part = gap === undefined ? part + (quoted ?? text.charAt(at)) : "";
    at += (quoted ?? gap ?? " ").length;
  }
  return part === "" ? parts : [...parts, part];
}

const wordOf = (token: Token): string => token.text.split(/\s/, 1)[0]!;
