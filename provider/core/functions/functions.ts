/** Functions: the list of those that the plugin serves. */
import { cores } from "../kinds/cores";
import type { CoreFunction } from "./function";
import { getFunction } from "./get";
import { listFunction } from "./list";
import { getServer } from "./server";

export const functions: readonly CoreFunction[] = [
  // What no inputs lead to, such as a token, is not looked up.
  ...cores.filter(({ idInputs }) => idInputs.length > 0).map(getFunction),
  ...cores.map(listFunction).filter((one) => one !== undefined),
  getServer,
];
