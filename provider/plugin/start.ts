/** Start of pulumi-resource-bothy: what must be before its code is loaded. */
import { keepCode, useCodeCache } from "../../sdk/host/code-cache";
import { requireNode } from "../../sdk/host/node";

requireNode("pulumi-resource-bothy");
useCodeCache();
require("./main");
// The engine kills its plugins, and what is killed keeps nothing.
setImmediate(keepCode);
