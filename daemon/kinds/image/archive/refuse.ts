/** Refuse: how an image is turned away. */
import { badRequest } from "../../../../sdk/api/errors";

/** @param cause "it holds no metadata.yaml" @param remedy "Put one at its top." */
export const refuse = (cause: string, remedy: string) => badRequest(`Cannot import image: ${cause}. ${remedy}`);

const shownChars = 120;

/** A name for messages: names in archives are bytes, one character each here, and may hold anything. */
export const shown = (name: string): string => {
  const text = Buffer.from(name.slice(0, shownChars), "latin1").toString("utf8");
  return `${JSON.stringify(text)}${name.length > shownChars ? "..." : ""}`;
};
