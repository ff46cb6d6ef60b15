/** What the tables of IPv4 and IPv6 keys of networks share. */
import type { ValueType } from "../table";
import { oneOf, text } from "../values";

export const expiry = text("time with a unit, or `infinite`", (value) =>
  /^(\d+[smhdw]?|infinite)$/i.test(value)
    ? undefined
    : "it must be a time such as 90m, 1h or 1d (seconds without a unit, at least 2m), or infinite",
);

export const natOrder = oneOf("before", "after");

/** First and last address. */
export type AddressRange = readonly [string, string];

/** Ranges of addresses with commas between. @param example two of them that follow each other */
export const ranges = (
  family: "IPv4" | "IPv6",
  example: string,
  isAddress: (text: string) => boolean,
): ValueType<readonly AddressRange[]> => ({
  title: `ranges of ${family} addresses`,
  check: (value) =>
    value.split(",").every((range) => {
      const ends = range.replace(/^ +| +$/g, "").split("-");
      return ends.length === 2 && ends.every(isAddress);
    })
      ? undefined
      : `it must be ranges such as ${example}, separated by commas`,
  parse: (value) =>
    value.split(",").map((range) => {
      const [first = "", last = ""] = range.split("-").map((end) => end.trim());
      return [first, last];
    }),
});

/** Subnets with commas between. @param isSubnet whether a text is the address of a whole subnet with its prefix length */
export const subnets = (
  family: "IPv4" | "IPv6",
  example: string,
  isSubnet: (text: string) => boolean,
): ValueType<readonly string[]> => ({
  title: `list of ${family} subnets`,
  check: (value) => {
    const wrong = partsOf(value).find((one) => !isSubnet(one));
    return wrong === undefined ? undefined : `"${wrong}" must be the address of a subnet such as ${example}`;
  },
  parse: partsOf,
});

const partsOf = (value: string): string[] => value.split(",").map((one) => one.trim());
