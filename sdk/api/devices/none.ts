/** Device none: no device, in the place of one that a profile has under the same name. */
import { commonOptions, type DeviceType } from "./type";

export const none: DeviceType = {
  doc: "No device. It takes the place of a device that a profile has under the same name.",
  options: commonOptions,
  rules: () => [],
};
