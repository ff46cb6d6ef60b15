/** The packed package on a stock Debian 12: two parts of the smoke test, of which `npm test` asks what it has time for. */
import { containers } from "./smoke/containers";
import { service } from "./smoke/service";
import { onGuest } from "./support";

onGuest("debian12", async () => [], [containers, service]);
