/** Strict list: what native/tools/strict.list says of each system call, and the numbers that the build's libseccomp has for them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { repository } from "../../scripts/vm/cache";

export type StrictAnswer = "allow" | "EPERM" | "ENOSYS";

/** Each call by its name, in the order of the file; a name that is in it twice is twice here. @param isNesting whether the container nests, for which some are made */
export function readStrictList(isNesting = false): (readonly [call: string, answer: StrictAnswer])[] {
  const text = readFileSync(path.join(repository, "native/tools/strict.list"), "utf8");
  const words = text.replaceAll(/#.*/g, "").split(/\s+/);
  let answer: StrictAnswer = "ENOSYS";
  return words.flatMap((word): (readonly [string, StrictAnswer])[] => {
    const [, said, loosens] = /^(allow|EPERM|ENOSYS)(-or-nesting)?:$/.exec(word) ?? [];
    if (said === undefined) return word === "" ? [] : [[word, answer]];
    answer = loosens !== undefined && isNesting ? "allow" : (said as StrictAnswer);
    return [];
  });
}

export interface Numbers {
  /** The kernel's numbers of the architecture and of its companion of 32 bits. */
  readonly audits: readonly number[];
  /** Of both; -1 where there is none. */
  readonly calls: ReadonlyMap<string, readonly number[]>;
}

/** @param file that seccomp-gen wrote for the name "names" */
export function readNumbers(file: string): Numbers {
  const [head = "", ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const parts = lines.map((line) => line.split(" "));
  return {
    audits: head.split(" ").slice(1).map(Number),
    calls: new Map(parts.map(([name = "", ...numbers]) => [name, numbers.map(Number)])),
  };
}
