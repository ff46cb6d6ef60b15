/** Nic filter: what a nic on a bridge of the host may send, where no network of the server sees to it. Its rules stand in a table of their own. */
import { run } from "../../../platform/processes/run";
import { portFilterOf, sourceRules } from "../../network/port-filter";
import { tagOf } from "./nic-parent";
import type { NicFacts } from "./nic-type";
import type { BeforeStep } from "./step";

const tableOf = (facts: NicFacts): string => `bridge bothy_nic_${tagOf(facts)}`;
/** Naming a table first makes it when it is missing, so that delete always finds one. */
const dropTable = (table: string): string => `table ${table}\ndelete table ${table}\n`;

function rulesetOf(facts: NicFacts): string {
  const table = tableOf(facts);
  const { hostName, hwaddr, options } = facts.nic;
  const rules = sourceRules(hwaddr, portFilterOf(options)).map((rule) => `    iifname "${hostName}" ${rule}\n`);
  return `${dropTable(table)}table ${table} {\n  chain sources {\n    type filter hook prerouting priority filter; policy accept;\n${rules.join("")}  }\n}\n`;
}

const isFiltered = (facts: NicFacts): boolean =>
  !facts.home.networks.isManaged(facts.nic.bridge) && portFilterOf(facts.nic.options).isOwnOnly === true;

/** Makes the rules of a nic, or makes them anew. */
export async function applyFilter(facts: NicFacts): Promise<void> {
  if (isFiltered(facts)) await run("nft", ["-f", "-"], { input: rulesetOf(facts) });
}

/** By the name of the host's end, before that is there. */
export const filterSteps = (facts: NicFacts): BeforeStep[] =>
  isFiltered(facts)
    ? [
        {
          by: "daemon before",
          about: `filter ${facts.nic.hostName}`,
          run: () => applyFilter(facts),
          undo: () => dropFilter(facts),
        },
      ]
    : [];

/** Takes the rules of a nic away; none is no error. */
export async function dropFilter(facts: NicFacts): Promise<void> {
  if (isFiltered(facts)) await run("nft", ["-f", "-"], { input: dropTable(tableOf(facts)) });
}
