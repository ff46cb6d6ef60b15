/** init --dump: how a daemon is set up, in the form that init --preseed reads. Fields and their order are LXD's. */
import { stringify } from "yaml";
import { ask } from "./ask";

type Told = Readonly<Record<string, unknown>>;

/** @returns YAML @throws ApiError UNAVAILABLE when nobody listens */
export async function dumpOf(socketPath: string): Promise<string> {
  const told = async <T>(url: string) => (await ask(socketPath, "GET", url)).metadata as T;
  const list = (kind: string) => told<Told[]>(`/1.0/${kind}?recursion=1`);
  const taken = (from: Told, ...fields: readonly string[]) =>
    Object.fromEntries(fields.map((field) => [field, from[field]]));
  const networks = (await list("networks")).filter(({ managed }) => managed === true);
  const dump = {
    config: (await told<Told>("/1.0")).config,
    networks: networks.map((one) => ({ ...taken(one, "config", "description", "name", "type"), project: "default" })),
    storage_pools: (await list("storage-pools")).map((one) => taken(one, "config", "description", "name", "driver")),
    profiles: (await list("profiles")).map((one) => taken(one, "config", "description", "devices", "name")),
    projects: (await list("projects")).map((one) => taken(one, "config", "description", "name")),
  };
  return stringify(dump, { indentSeq: false, lineWidth: 0, schema: "yaml-1.1" });
}
