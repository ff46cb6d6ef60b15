/** Device unix-block: a block device of the host. */
import { unixDriver } from "./unix";

export const unixBlock = unixDriver("b");
