/** Wait for a line of a log: of a file in the container, or of its console. */

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ifThere } from "../../../engine/failure";
import { type ConditionKind, failed, runningState, shownLine, untilTrue, type Watch } from "./watch";

const isBlank = (line: string): boolean => line.trim() === "";

/** @returns whether a line matches; notes the last one otherwise */
async function hasLine(watch: Watch, lines: AsyncIterable<string> | Iterable<string>): Promise<boolean> {
  const pattern = new RegExp(watch.condition.pattern ?? "");
  let last: string | undefined;
  for await (const line of lines) {
    if (pattern.test(line)) return true;
    if (!isBlank(line)) last = line;
  }
  watch.saw(last === undefined ? "it has no line yet" : `its last line was: ${shownLine(last.trim())}`);
  return false;
}

/** Lines are looked at as they come: a log may be large. */
async function hasLineIn(watch: Watch, body: Readable): Promise<boolean> {
  try {
    return await hasLine(watch, createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY }));
  } finally {
    body.destroy();
  }
}

async function lookIntoFile(watch: Watch, path: string): Promise<boolean> {
  const { client, signal } = watch.context;
  const file = await ifThere(client.getFile(watch.name, path, { signal }));
  if (file?.type === "file") return hasLineIn(watch, file.body);
  if (file?.type === "directory") throw failed(watch, `"${path}", whose lines it is waited for, is a folder.`);
  watch.saw(
    file === undefined ? "there is no such file yet" : `it is a symlink to "${file.target}", which is not followed`,
  );
  return false;
}

export const log: ConditionKind = {
  missing: ({ condition: { pattern, file } }) =>
    `no line of ${file === undefined ? "its console" : `"${file}"`} matched /${pattern}/`,
  until: (watch) =>
    untilTrue(watch, async () => {
      const { context, name, condition } = watch;
      await runningState(watch);
      if (condition.file !== undefined) return lookIntoFile(watch, condition.file);
      const text = await context.client.getConsoleLog(name, { signal: context.signal });
      return hasLine(watch, text.split(/\r?\n/));
    }),
};
