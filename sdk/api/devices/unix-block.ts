/** Device unix-block: a block device of the host. */
import { unixType } from "./unix";

export const unixBlock = unixType("A block device of the host, such as a disk, that the container can read and write.");
