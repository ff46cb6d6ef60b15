/** The packed package on a stock Debian 12: the part of the smoke test that `npm test` has time for. */
import { containers } from "./smoke/containers";
import { service } from "./smoke/service";
import { onGuest } from "./support";

onGuest("debian12", async () => [], [containers, service]);
