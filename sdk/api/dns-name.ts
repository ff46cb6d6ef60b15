/** DNS names: what a zone and its records can be called, and when two names are one. */

/** A label that a zone file needs no marks for; a slash is in zones of a part of a /24 (RFC 2317). */
const label = /^[a-z0-9_*/-]{1,63}$/i;

/** @returns why a text is no DNS name, or nothing when it is one */
export function dnsNameReason(name: string): string | undefined {
  if (name.endsWith(".")) return "it must not end with a dot";
  // With the length before each label and the root behind them (RFC 1035, 2.3.4).
  if (name.length > 253) return "it must be at most 253 characters long";
  const wrong = name.split(".").find((one) => !label.test(one));
  return wrong === undefined
    ? undefined
    : `its part ${JSON.stringify(wrong)} must be 1 to 63 letters, digits, dashes or underscores`;
}

/** Names are the same in capitals and in small letters (RFC 4343). */
export const sameDnsName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Which addresses the names of a zone stand for backwards; 0 for one of names. */
export function reverseFamily(zone: string): 0 | 4 | 6 {
  const name = `.${zone.toLowerCase()}`;
  return name.endsWith(".in-addr.arpa") ? 4 : name.endsWith(".ip6.arpa") ? 6 : 0;
}
