/** The whole smoke test on the guest that BOTHY_VM_GUEST names: npm run test:vm -- smoke. */
import { imagesDisk } from "../../scripts/vm/container-image";
import { containers } from "./smoke/containers";
import { end } from "./smoke/end";
import { reboot } from "./smoke/reboot";
import { service } from "./smoke/service";
import { systemd } from "./smoke/systemd";
import { onGuest } from "./support";

onGuest(process.env.BOTHY_VM_GUEST, async () => [await imagesDisk()], [containers, service, reboot, systemd, end]);
