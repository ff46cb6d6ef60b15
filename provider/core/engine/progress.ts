/** Progress: what the daemon tells of long work, passed on to whoever watches the update. */
import { type Operation, progressOf } from "../../../sdk";

/** Pulumi shows every line that is logged, so they come seldom. */
const quietMs = 5000;

/**
 * @param log takes a line for people
 * @returns a listener for `wait({ onProgress })`; it stays silent for the first seconds, so that quick work says nothing
 */
export function progressTo(log: (message: string) => void): (operation: Operation) => void {
  let lastAt = Date.now();
  let lastText = "";
  return (operation) => {
    const progress = progressOf(operation);
    if (progress === undefined || progress.text === lastText || Date.now() - lastAt < quietMs) return;
    lastAt = Date.now();
    lastText = progress.text;
    log(progress.percent === undefined ? progress.text : `${progress.text} (${progress.percent}%)`);
  };
}
