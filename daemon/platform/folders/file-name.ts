/** File names: names of objects as names of files. A colon is kept for marks of unfinished work, and separates paths of overlays. */

/** @returns the name with "%" and ":" as %25 and %3A */
export const fileNameOf = (name: string): string => name.replaceAll("%", "%25").replaceAll(":", "%3A");

/** The other way round. */
export const nameOfFile = (file: string): string => file.replaceAll("%3A", ":").replaceAll("%25", "%");
