/** Clones one volume in a process of its own, for tests that kill it: node storage-clone.js DRIVER POOL FROM TO (the last three JSON). */
import type { PoolPlace, Volume } from "../../daemon/storage-pool/driver";
import { drivers } from "../../daemon/storage-pool/drivers";

const [driver = "", pool = "", from = "", to = ""] = process.argv.slice(2);
drivers[driver]
  ?.clone(JSON.parse(pool) as PoolPlace, JSON.parse(from) as Volume, JSON.parse(to) as Volume)
  .then(() => process.exit(0));
