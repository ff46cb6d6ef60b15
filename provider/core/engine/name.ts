/** Name: objects that the user did not name get one from the name of the resource, kept for as long as the object lives. */
import { createHash, randomBytes } from "node:crypto";
import type { Props } from "./values";

const suffixLength = 7;

/**
 * Makes `<logical>-<7 hex>`: letters, digits and dashes, beginning with a letter.
 * @param maxLength ceiling of the whole name, in characters @param seed what the digits are made of; without one they are random
 */
export function autoName(logicalName: string, maxLength: number, seed?: Uint8Array): string {
  const cleaned = logicalName.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^[^a-zA-Z]+/, "");
  const stem = (cleaned || "b").slice(0, maxLength - suffixLength - 1).replace(/-+$/, "");
  const digits = seed?.length ? createHash("sha256").update(seed).digest("hex") : randomBytes(4).toString("hex");
  return `${stem}-${digits.slice(0, suffixLength)}`;
}

/**
 * Fills in `name`: the user's, else the one it had as an auto-named object, else a new one. For a replacement Pulumi checks
 * again with no old inputs, so the new object gets a new name and can stand beside the old one.
 */
export function withName(olds: Props, news: Props, maxLength: number): Props {
  if (news.name !== undefined || typeof news.__logicalName !== "string") return news;
  const kept = olds.__logicalName === undefined ? undefined : olds.name;
  return { ...news, name: kept ?? autoName(news.__logicalName, maxLength) };
}
