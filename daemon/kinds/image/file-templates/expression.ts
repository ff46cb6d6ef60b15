/** Expressions of file templates: names, literals, dots, calls, filters, sums, comparisons, and, or, not, in. */
import { filters } from "./filters";
import { type Budget, textOf, truthy, type Value, wrong } from "./value";

export type Expression =
  | { readonly type: "literal"; readonly value: Value }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "member"; readonly of: Expression; readonly key: Expression }
  | { readonly type: "call"; readonly callee: Expression; readonly values: readonly Expression[] }
  | {
      readonly type: "filter";
      readonly name: string;
      readonly of: Expression;
      readonly argument: Expression | undefined;
    }
  | { readonly type: "not"; readonly of: Expression }
  | { readonly type: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression };

const maxDepth = 50;

/** Chains of filters and keys nest as deep as they are long. */
const maxWords = 2000;

/** Reads one expression. @throws ApiError BAD_REQUEST that says what is not understood */
export function parseExpression(text: string): Expression {
  const words = wordsOf(text);
  if (words.length > maxWords) throw wrong(`an expression has more than ${maxWords} words`);
  const parser = new Parser(words);
  const expression = parser.or(0);
  parser.requireEnd();
  return expression;
}

/** A word: a text literal, a number, a name or a sign. */
const wordPattern =
  /\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|<>|<=|>=|&&|\|\||[<>|:.,()[\]!+\-*/%])/y;

function wordsOf(text: string): string[] {
  const words: string[] = [];
  const pattern = new RegExp(wordPattern);
  const trimmed = text.trimEnd();
  while (pattern.lastIndex < trimmed.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(trimmed);
    if (match === null) throw wrong(`"${trimmed.slice(at, at + 20)}" is not understood`);
    words.push(match[1]!);
  }
  return words;
}

class Parser {
  #at = 0;

  constructor(private readonly words: readonly string[]) {}

  #accept(...words: string[]): string | undefined {
    const word = this.words[this.#at];
    if (word === undefined || !words.includes(word)) return undefined;
    this.#at += 1;
    return word;
  }

  #require(word: string): void {
    if (this.#accept(word) === undefined)
      throw wrong(`"${word}" is missing before "${this.words[this.#at] ?? "the end"}"`);
  }

  requireEnd(): void {
    if (this.#at < this.words.length) throw wrong(`"${this.words[this.#at]}" is out of place`);
  }

  or(depth: number): Expression {
    if (depth > maxDepth) throw wrong("an expression is nested too deeply");
    let left = this.#and(depth);
    while (this.#accept("or", "||") !== undefined)
      left = { type: "binary", operator: "or", left, right: this.#and(depth) };
    return left;
  }

  #and(depth: number): Expression {
    let left = this.#not(depth);
    while (this.#accept("and", "&&") !== undefined)
      left = { type: "binary", operator: "and", left, right: this.#not(depth) };
    return left;
  }

  #not(depth: number): Expression {
    if (depth > maxDepth) throw wrong("an expression is nested too deeply");
    if (this.#accept("not", "!") !== undefined) return { type: "not", of: this.#not(depth + 1) };
    const left = this.#sum(depth);
    const operator = this.#accept("==", "!=", "<>", "<=", ">=", "<", ">", "in");
    return operator === undefined ? left : { type: "binary", operator, left, right: this.#sum(depth) };
  }

  #sum(depth: number): Expression {
    const isNegative = this.#accept("-") !== undefined;
    let left = this.#product(depth);
    if (isNegative) left = { type: "binary", operator: "-", left: { type: "literal", value: 0 }, right: left };
    for (let sign = this.#accept("+", "-"); sign !== undefined; sign = this.#accept("+", "-"))
      left = { type: "binary", operator: sign, left, right: this.#product(depth) };
    return left;
  }

  #product(depth: number): Expression {
    let left = this.#filtered(depth);
    for (let sign = this.#accept("*", "/", "%"); sign !== undefined; sign = this.#accept("*", "/", "%"))
      left = { type: "binary", operator: sign, left, right: this.#filtered(depth) };
    return left;
  }

  #filtered(depth: number): Expression {
    let of = this.#member(depth);
    while (this.#accept("|") !== undefined) {
      const name = this.words[this.#at] ?? "";
      if (!Object.hasOwn(filters, name)) throw wrong(`the filter "${name}" is not known`);
      this.#at += 1;
      const argument = this.#accept(":") === undefined ? undefined : this.#member(depth);
      of = { type: "filter", name, of, argument };
    }
    return of;
  }

  #member(depth: number): Expression {
    let of = this.#atom(depth);
    for (;;) {
      if (this.#accept(".") !== undefined) {
        const word = this.words[this.#at] ?? "";
        if (!/^\w+$/.test(word)) throw wrong(`"${word}" is not a key`);
        this.#at += 1;
        of = { type: "member", of, key: { type: "literal", value: word } };
      } else if (this.#accept("[") !== undefined) {
        of = { type: "member", of, key: this.or(depth + 1) };
        this.#require("]");
      } else if (this.#accept("(") !== undefined) of = { type: "call", callee: of, values: this.#values(depth) };
      else return of;
    }
  }

  #values(depth: number): Expression[] {
    const values: Expression[] = [];
    if (this.#accept(")") !== undefined) return values;
    do values.push(this.or(depth + 1));
    while (this.#accept(",") !== undefined);
    this.#require(")");
    return values;
  }

  #atom(depth: number): Expression {
    const word = this.words[this.#at];
    if (word === undefined) throw wrong("an expression is empty");
    this.#at += 1;
    if (word === "(") {
      const inner = this.or(depth + 1);
      this.#require(")");
      return inner;
    }
    if (/^["']/.test(word)) return { type: "literal", value: unquoted(word) };
    if (/^\d/.test(word)) return { type: "literal", value: Number(word) };
    const constant = constants.get(word);
    if (constant !== undefined) return { type: "literal", value: constant };
    if (!/^[A-Za-z_]/.test(word)) throw wrong(`"${word}" is out of place`);
    return { type: "name", name: word };
  }
}

const constants = new Map<string, Value>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
]);

const controls: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

const unquoted = (word: string) => word.slice(1, -1).replace(/\\(.)/gs, (_, char: string) => controls[char] ?? char);

type Scope = ReadonlyMap<string, Value>;

/** @returns undefined for a name or key that is not there: templates print nothing for it */
export function evaluate(expression: Expression, scope: Scope, budget: Budget): Value {
  budget.spend(1);
  const solve = (part: Expression) => evaluate(part, scope, budget);
  switch (expression.type) {
    case "literal":
      return expression.value;
    case "name":
      return scope.get(expression.name);
    case "member":
      return memberOf(solve(expression.of), solve(expression.key));
    case "call": {
      const callee = solve(expression.callee);
      if (typeof callee !== "function") throw wrong("it calls what is not a function");
      return callee(...expression.values.map(solve));
    }
    case "filter": {
      const argument = expression.argument === undefined ? undefined : solve(expression.argument);
      const value = solve(expression.of);
      budget.spendOn(value, argument);
      return filters[expression.name]!(value, argument);
    }
    case "not":
      return !truthy(solve(expression.of));
    case "binary":
      return binary(expression, solve, budget);
  }
}

/** Own keys of plain maps and places of lists only: no prototype, no method. */
function memberOf(of: Value, key: Value): Value {
  if (typeof of !== "object" || of === null) return undefined;
  if (Array.isArray(of)) return (of as readonly Value[])[Number(key)];
  const map = of as Readonly<Record<string, Value>>;
  const name = textOf(key);
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function binary(
  { operator, left: leftOf, right: rightOf }: Expression & { type: "binary" },
  solve: (part: Expression) => Value,
  budget: Budget,
): Value {
  const left = solve(leftOf);
  if (operator === "and") return truthy(left) ? solve(rightOf) : left;
  if (operator === "or") return truthy(left) ? left : solve(rightOf);
  const right = solve(rightOf);
  budget.spendOn(left, right);
  switch (operator) {
    case "==":
      return textOf(left) === textOf(right);
    case "!=":
    case "<>":
      return textOf(left) !== textOf(right);
    case "+":
      return amount(left) + amount(right);
    case "-":
      return amount(left) - amount(right);
    case "*":
      return amount(left) * amount(right);
    case "/":
      return divided(amount(left), amount(right));
    case "%":
      return remainder(amount(left), amount(right));
    case "in":
      return contains(right, left);
    case "<":
      return Number(left) < Number(right);
    case ">":
      return Number(left) > Number(right);
    case "<=":
      return Number(left) <= Number(right);
    default:
      return Number(left) >= Number(right);
  }
}

/** A value to reckon with; a text that is not a number is none, as in pongo2. */
const amount = (value: Value): number => (typeof value === "number" ? value : Math.trunc(Number(textOf(value))) || 0);

/** As in Go: whole numbers give a whole number. */
function divided(left: number, right: number): number {
  if (right === 0) throw wrong("it divides by zero");
  return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right;
}

function remainder(left: number, right: number): number {
  if (right === 0) throw wrong("it divides by zero");
  return left % right;
}

function contains(all: Value, part: Value): boolean {
  if (Array.isArray(all)) return all.some((each) => textOf(each) === textOf(part));
  if (typeof all === "object" && all !== null) return Object.hasOwn(all, textOf(part));
  return textOf(all).includes(textOf(part));
}
