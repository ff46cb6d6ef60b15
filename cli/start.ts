/** Start of bothy: what must be before its code is loaded. */
import { useCodeCache } from "../sdk/host/code-cache";
import { requireNode } from "../sdk/host/node";

requireNode("bothy");
useCodeCache();
require("./main");
