/** Device unix-char: a character device of the host. */
import { unixType } from "./unix";

export const unixChar = unixType("A character device of the host, such as a serial port, that the container can use.");
