/** Thousands of requests made of the API's own types, right and wrong ones: the daemon has a reason for each refusal, and goes on. */
import { test } from "node:test";
import { fuzzDaemon } from "../support/fuzz/run";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
/** `npm test` asks the same each time, so that it judges the change at hand; the soak, which names a count, asks anew. */
const asked = process.env.BOTHY_FUZZ_REQUESTS;
const count = Number(asked ?? (isLong ? "10000" : "4000"));
/** A fault is found again by the seed that it names. */
const seed = Number(process.env.BOTHY_FUZZ_SEED ?? (asked === undefined ? "443781219" : String(Date.now() % 2 ** 31)));

test("requests made of the types have answers with reasons, and the daemon goes on as before", { skip }, (t) =>
  fuzzDaemon(count, seed, (line) => t.diagnostic(line)),
);
