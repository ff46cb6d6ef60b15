/**
 * Quiet: Pulumi's process returns an error of check, diff, read and delete to the engine, which shows it, and prints it once more with its
 * stack. People should see a thing once, and stacks of errors that are no fault of the code not at all.
 */

const returned = new Set<string>();
let isListening = false;

/** As Pulumi's process prints it (cmd/dynamic-provider, 3.270). */
const printed = (error: Error): string => `${error}: ${error.stack}`;

/** Keeps an error that is about to be returned from being printed. @returns the error */
export function shownOnce<T extends Error>(error: T): T {
  returned.add(printed(error));
  if (isListening) return error;
  isListening = true;
  const print = console.error;
  console.error = (...words: unknown[]) => {
    const isKnown = words.length === 1 && typeof words[0] === "string" && returned.delete(words[0]);
    if (!isKnown) print(...words);
  };
  return error;
}
