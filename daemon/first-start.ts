/** First start: a pool, a network and the devices of the default profile, made once; what the user deletes stays deleted. */
import type { Parts } from "./composition";
import { ownCall } from "./core/call";
import { ref } from "./core/ref";

const doneKey = "state.first_start_done";
const poolName = "default";

/** @param bare leave it all out, now and later */
export async function firstStart(parts: Parts, bare: boolean): Promise<void> {
  const { store } = parts.server;
  if (store.get(doneKey) !== undefined) return;
  try {
    if (!bare) await prepare(parts);
    store.set(doneKey, "true");
  } catch (error) {
    parts.log.error("Cannot take note of the first start; the next start does it again", { error });
  }
}

async function prepare(parts: Parts): Promise<void> {
  const { changes, log, networks, profiles, storagePools } = parts;
  const call = ownCall();
  const devices: Record<string, Record<string, string>> = {};
  try {
    // It may be there already, from a first start that was killed midway.
    if (!storagePools.records().some(({ name }) => name === poolName)) {
      const driver = await storagePools.defaultDriver();
      const pool = { name: poolName, driver, description: "", config: {} };
      await changes.run(call, {
        of: [ref("storage-pool", poolName)],
        work: () => storagePools.create(call, pool),
      });
    }
    devices.root = { type: "disk", path: "/", pool: poolName };
  } catch (error) {
    log.error("Cannot prepare the default storage pool; create one by hand", { error });
  }
  try {
    devices.eth0 = {
      type: "nic",
      name: "eth0",
      network: networks.records()[0]?.name ?? (await networks.createDefault()),
    };
  } catch (error) {
    log.warning("Cannot prepare the default network; containers of the default profile have none", { error });
  }
  const { description, config } = profiles.record(call.project, "default");
  await changes.run(call, {
    of: [ref("profile", "default")],
    work: () => profiles.update(call, "default", { description, config, devices }),
  });
}
