/** Skips that can be forbidden: REQUIRE=nft,dnsmasq makes a missing feature a failure. */

/** @returns the reason to skip, or false when the feature is there @throws Error when REQUIRE names a missing feature */
export function requireFeature(name: string, isThere: boolean): string | false {
  if (isThere) return false;
  const required = (process.env.REQUIRE ?? "").split(",").map((word) => word.trim());
  if (required.includes(name)) throw new Error(`REQUIRE names "${name}", and this machine lacks it`);
  return `this machine lacks ${name}`;
}
