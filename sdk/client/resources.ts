/** Resources: typed calls about the host's hardware. */
import { Resources } from "../api/resources";
import type { CallOptions } from "./call-options";
import type { Wire } from "./wire";

export const resourcesCalls = (wire: Wire) => ({
  /** The host's hardware: processors, memory, cards, disks, buses and the machine itself; sizes in bytes. */
  getResources: (options?: CallOptions): Promise<Resources> => wire.get("/1.0/resources", Resources, options),
});
