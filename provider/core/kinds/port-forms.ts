/** Port forms: addresses and ports of forwards and load balancers, which can be written in several ways. */
import { Text } from "../../../sdk/api/common";
import { plainAddress, readAddress } from "../../../sdk/api/ip-address";
import { readRanges } from "../../../sdk/api/port-ranges";

export const address = Text.refine((text) => readAddress(text) !== undefined, {
  message: "must be an address of IPv4 or IPv6, such as 192.0.2.10",
});

export const portRanges = Text.superRefine((text, { addIssue }) => {
  const ranges = readRanges(text);
  if (typeof ranges === "string") addIssue({ code: "custom", message: `holds no ports: ${ranges}` });
});

export const plainText = (value: unknown): unknown => (typeof value === "string" ? plainAddress(value) : value);

export const plainList = (value: unknown): unknown =>
  typeof value !== "string"
    ? value
    : value
        .split(",")
        .map((part) => part.trim())
        .join(",");
