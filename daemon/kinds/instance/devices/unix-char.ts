/** Device unix-char: a character device of the host. */
import { unixDriver } from "./unix";

export const unixChar = unixDriver("c");
