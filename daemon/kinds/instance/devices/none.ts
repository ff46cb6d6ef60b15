/** Device none: nothing, in the place of a profile's device. */
import type { DeviceDriver } from "./driver";

export const none: DeviceDriver = { plan: () => [] };
