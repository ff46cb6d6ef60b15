/** Scripts: named steps for one client, each a line of shell with what follows it (docs/testing.md, The clients that others wrote). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../../sdk/host/package";

export interface Step {
  /** The command as the script has it. */
  readonly command: string;
  /** The command, with a number when the script has it again: the transcript knows the step by it. */
  readonly name: string;
  /** Extensions without which the daemon cannot be asked this. */
  readonly needs: readonly string[];
  /** Run for what follows, and not part of the transcript. */
  readonly isHidden: boolean;
  /** Only the exit code is compared. */
  readonly isCodeOnly: boolean;
  /** Of the output, only lines that match are compared. */
  readonly rows: RegExp | undefined;
  /** The order of lines is nobody's promise. */
  readonly isSorted: boolean;
  /** What this step masks besides the rest. */
  readonly masks: readonly (readonly [RegExp, string])[];
}

type Annotations = Omit<Step, "command" | "name">;

const plain: Annotations = {
  needs: [],
  isHidden: false,
  isCodeOnly: false,
  rows: undefined,
  isSorted: false,
  masks: [],
};

const folder = path.join(packageRoot, "test/compat/scripts");

/** The steps of a script, in order. @param fill what each word of capital letters in it stands for @throws Error for an annotation that nobody knows */
export function readScript(name: string, fill: Readonly<Record<string, string>> = {}): Step[] {
  return parseScript(filled(readFileSync(path.join(folder, `${name}.steps`), "utf8"), fill));
}

/** A text with words in their places. */
export const filled = (text: string, fill: Readonly<Record<string, string>>): string =>
  Object.entries(fill).reduce((done, [word, value]) => done.replaceAll(word, value), text);

/**
 * Reads the text of a script. A line `$ COMMAND` is a step, with the lines up to the next blank line; `@WORD` before it says
 * more about it; `== TITLE` begins a part, and `== TITLE @needs EXTENSION` one that needs an extension; `#` is a comment.
 */
export function parseScript(text: string): Step[] {
  const steps: Step[] = [];
  let partNeeds: readonly string[] = [];
  let next = plain;
  for (const piece of text.split(/\n(?=\$ |@|== |#|\n)/).map((one) => one.trim())) {
    if (piece === "" || piece.startsWith("#")) continue;
    if (piece.startsWith("== ")) partNeeds = wordsAfter(piece, "@needs");
    else if (piece.startsWith("@")) next = annotate(next, piece);
    else if (piece.startsWith("$ ")) {
      const command = piece.slice(2);
      const again = steps.filter((step) => step.command === command).length;
      const name = again === 0 ? command : `${command} #${again + 1}`;
      steps.push({ command, name, ...next, needs: [...partNeeds, ...next.needs] });
      next = plain;
    } else throw new Error(`Not a step, a part or a comment: ${piece}`);
  }
  return steps;
}

const wordsAfter = (text: string, word: string): string[] =>
  (text.split(word)[1] ?? "").split(/[\s,]+/).filter((one) => one !== "");

function annotate(step: Annotations, text: string): Annotations {
  const [word = ""] = text.split(/\s/);
  const rest = text.slice(word.length).trim();
  if (word === "@needs") return { ...step, needs: [...step.needs, ...wordsAfter(text, word)] };
  if (word === "@hidden") return { ...step, isHidden: true };
  if (word === "@code") return { ...step, isCodeOnly: true };
  if (word === "@rows") return { ...step, rows: new RegExp(rest) };
  if (word === "@sorted") return { ...step, isSorted: true };
  if (word === "@mask") {
    const [pattern = "", instead = ""] = rest.split(" => ");
    return { ...step, masks: [...step.masks, [new RegExp(pattern, "gm"), instead]] };
  }
  throw new Error(`Nobody knows the annotation "${word}".`);
}
