/** Warnings of a daemon, but for those of the machine that the tests run on. */
import type { Warning } from "../../sdk/api/warning";
import type { TestDaemon } from "./daemon";

/** What this machine lacks, whatever a test does. */
const ofTheMachine: ReadonlySet<string> = new Set(["AppArmor support has been disabled"]);

export async function newWarnings(client: Pick<TestDaemon["client"], "listWarnings">): Promise<Warning[]> {
  const all = await client.listWarnings();
  return all.filter(({ status, type }) => status === "new" && !ofTheMachine.has(type));
}
