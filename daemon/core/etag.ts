/** ETag: a stable digest over the writable parts of an object (docs/lxd-api.md, Changes). */
import { createHash } from "node:crypto";
import { ApiError } from "../../sdk/api/errors";

/** @returns 64 hexadecimal digits, the same for the same content whatever the order of its keys */
export function etagOf(parts: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(parts)))
    .digest("hex");
}

/** Refuses a write whose If-Match names another content than the present one. @throws ApiError PRECONDITION_FAILED */
export function checkEtag(ifMatch: string | undefined, parts: unknown): void {
  if (ifMatch === undefined || ifMatch === "" || ifMatch === "*") return;
  const got = ifMatch.replace(/^(W\/)?"|"$/g, "");
  const have = etagOf(parts);
  if (got !== have) throw new ApiError("PRECONDITION_FAILED", `ETag doesn't match: ${have} vs ${got}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
