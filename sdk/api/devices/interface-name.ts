/** Interface names, of the host and inside. */
import { text } from "../config/values";

/** No "%" either: the kernel takes it for a pattern of names. */
export const hostInterfaceName = text("interface name", (value) =>
  /^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,14}$/.test(value) && value !== "." && value !== ".." && value !== "lo"
    ? undefined
    : "it must be an interface name: at most 15 letters, digits, dots, dashes and underscores",
);

/** A name inside the container; LXD takes none of one letter. */
export const innerInterfaceName = text(hostInterfaceName.title, (value) =>
  value.length < 2 ? "it must be at least 2 characters long" : hostInterfaceName.check(value),
);
