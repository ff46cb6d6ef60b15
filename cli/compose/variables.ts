/** Variables: `${NAME}` and its like in the text of a compose file. */
import { UsageError } from "../command";
import { Code, type Value } from "./source";

const form = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|)/g;

interface Variable {
  readonly name: string;
  /** Such as ":-"; absent for a plain one. */
  readonly operator?: string;
  readonly rest: string;
}

/** Cuts a text into what stands there and variables. @throws UsageError for a dollar sign that is none */
function partsOf(text: string): (string | Variable)[] {
  const parts: (string | Variable)[] = [];
  let from = 0;
  for (const found of text.matchAll(form)) {
    const [whole, dollar, short, name = short, operator, rest = ""] = found;
    parts.push(text.slice(from, found.index));
    from = found.index + whole.length;
    if (dollar !== undefined) parts.push("$");
    else if (name !== undefined && operator?.endsWith("+") !== true) parts.push({ name, operator, rest });
    else
      throw new UsageError(
        `Cannot read ${JSON.stringify(text)}: write a dollar sign as "$$", a variable as "\${NAME}".`,
      );
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

/**
 * Puts in the variables of this process's environment, as docker compose does.
 * @throws UsageError that names a variable which is not there and has no default
 */
export function filled(text: string, env: NodeJS.ProcessEnv = process.env): string {
  return partsOf(text)
    .map((part) => {
      if (typeof part === "string") return part;
      const value = env[part.name];
      const counts = value !== undefined && (part.operator?.startsWith(":") !== true || value !== "");
      if (counts) return value;
      if (part.operator?.endsWith("-") === true) return part.rest;
      throw new UsageError(
        `Cannot fill in ${JSON.stringify(text)}: the environment has no ${part.name}. Set it for this command.`,
      );
    })
    .join("");
}

const inTemplate = (text: string): string => text.replace(/[`\\]|\$(?=\{)/g, "\\$&");

function expressionOf({ name, operator, rest }: Variable): string {
  const variable = `process.env.${name}`;
  const either = operator?.startsWith(":") === true ? "||" : "??";
  if (operator?.endsWith("?") === true)
    return `${variable} ${either} fail(${JSON.stringify(`${name}: ${rest || "is not set"}`)})`;
  return `${variable} ${either} ${JSON.stringify(operator === undefined ? "" : rest)}`;
}

/** @returns the text, or the expression that reads the variables when the program runs: a password does not get into the program */
export function readLater(text: string): Value {
  const parts = partsOf(text);
  const [only] = parts;
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  if (parts.length === 1 && typeof only === "object") return new Code(expressionOf(only));
  const inner = parts.map((part) => (typeof part === "string" ? inTemplate(part) : `\${${expressionOf(part)}}`));
  return new Code(`\`${inner.join("")}\``);
}
