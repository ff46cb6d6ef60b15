/** Clones one volume in a process of its own, for tests that kill it: node storage-clone.js DRIVER POOL FROM TO (the last three JSON). */
import type { PoolPlace, Volume } from "../../daemon/kinds/storage-pool/driver";
import { drivers } from "../../daemon/kinds/storage-pool/drivers";
import { hands } from "./storage";

const [driver = "", pool = "", from = "", to = ""] = process.argv.slice(2);
drivers[driver]
  ?.clone({ ...(JSON.parse(pool) as PoolPlace), ...hands }, JSON.parse(from) as Volume, JSON.parse(to) as Volume)
  .then(() => process.exit(0));
