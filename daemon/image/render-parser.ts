/** The tags of file templates: text, output, set, if, for. */
import { type Expression, parseExpression } from "./render-expression";
import { wrong } from "./render-value";

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
