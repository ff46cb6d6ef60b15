/**
 * Runs test files, each in a process of its own, those that take long first: `node --test` sorts them by name, and then a long one with a late name runs
 * alone at the end. Tells at the end which took longest, and ends with 1 when a test failed.
 * Arguments: how many files run beside each other, the longest that a test may take in milliseconds, the compiled files.
 */
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { slowest } from "./slowest";
import { type FileTimes, keepTimes, knownTimes, longestFirst, sourceOf } from "./times";

async function main([concurrency, timeout, ...files]: string[]): Promise<void> {
  // What runs ends with this process, as that of `node --test` does.
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ended.abort());
  const events = run({
    files: longestFirst(files, knownTimes()),
    concurrency: Number(concurrency),
    timeout: Number(timeout),
    signal: ended.signal,
  });
  const times: FileTimes = {};
  let hasPassed = false;
  events.on("test:summary", ({ file, duration_ms, success }) => {
    if (file === undefined) hasPassed = success;
    else times[sourceOf(file)] = Math.round(duration_ms / 100) / 10;
  });
  for await (const text of events.compose(spec)) process.stdout.write(text as string);
  process.stdout.write(slowest(times));
  keepTimes(times);
  if (!hasPassed) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
