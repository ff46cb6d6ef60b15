/** First start: a pool, a network and the devices of the default profile, made once; what the user deletes stays deleted. */
import type { Context } from "./context";

const doneKey = "state.first_start_done";
const poolName = "default";

/** @param bare leave it all out, now and later */
export async function firstStart(context: Context, bare: boolean): Promise<void> {
  const { store } = context.server;
  if (store.get(doneKey) !== undefined) return;
  try {
    if (!bare) await prepare(context);
    store.set(doneKey, "true");
  } catch (error) {
    context.log.error("Cannot take note of the first start; the next start does it again", { error });
  }
}

async function prepare(context: Context): Promise<void> {
  const { log, networks, profiles, storagePools } = context;
  const devices: Record<string, Record<string, string>> = {};
  try {
    // It may be there already, from a first start that was killed midway.
    if (!storagePools.records().some(({ name }) => name === poolName)) {
      const driver = await storagePools.defaultDriver();
      await storagePools.create({ name: poolName, driver, description: "", config: {} });
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
  const { description, config } = profiles.record("default");
  await profiles.update("default", { description, config, devices });
}
