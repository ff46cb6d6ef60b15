/** Start of bothyd: what must be before its code is loaded. */
import { useCodeCache } from "../sdk/host/code-cache";
import { requireNode } from "../sdk/host/node";

requireNode("bothyd");
// Node 22 calls node:sqlite experimental at every start.
const { emitWarning } = process;
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (rest[0] !== "ExperimentalWarning") Reflect.apply(emitWarning, process, [warning, ...rest]);
};
useCodeCache();
require("./main");
