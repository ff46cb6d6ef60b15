/** Names: of vendors and products by their numbers, from the lists pci.ids and usb.ids where the host has them. */
import path from "node:path";
import { type Roots, textIn } from "./files";

export interface Names {
  /** @param vendor four hexadecimal digits @returns empty names for what is not in the list */
  of(vendor: string, product: string): { readonly vendor: string; readonly product: string };
}

const places = ["misc", "hwdata"];

/** Reads a list. A host without it has no names. @param list "pci.ids" or "usb.ids" */
export async function readNames(roots: Roots, list: string): Promise<Names> {
  let text: string | undefined;
  for (const place of places) text ??= await textIn(path.join(roots.share, place), list);
  return namesIn(text ?? "");
}

/** Vendors begin a line, their products follow behind a tab. */
export function namesIn(text: string): Names {
  return {
    of(vendorId, productId) {
      const start = new RegExp(`^${quoted(vendorId)}\\s+(.*)$`, "im").exec(text);
      if (start === null || vendorId === "") return { vendor: "", product: "" };
      const rest = text.slice(start.index + start[0].length);
      const end = /^[^\t#\n]/m.exec(rest);
      const own = end === null ? rest : rest.slice(0, end.index);
      const product = new RegExp(`^\\t${quoted(productId)}\\s+(.*)$`, "im").exec(own)?.[1];
      return { vendor: start[1]?.trim() ?? "", product: productId === "" ? "" : (product?.trim() ?? "") };
    },
  };
}

const quoted = (id: string): string => id.replace(/[^0-9a-f]/gi, "");
