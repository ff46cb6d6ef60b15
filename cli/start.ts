/** Start of bothy: what must be before its code is loaded. */
import path from "node:path";
import { runCached } from "../sdk/host/cached-program";
import { useCodeCache } from "../sdk/host/code-cache";
import { requireNode } from "../sdk/host/node";

requireNode("bothy");
runCached(path.join(__dirname, "main.js"), process.argv[2] ?? "", useCodeCache());
