/** Token: what a server gives somebody else, so that a client of theirs is trusted once. */
import * as z from "zod";
import { badRequest } from "../api/errors";

const Token = z.looseObject({
  client_name: z.string().default(""),
  /** SHA-256 of the server's certificate. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/i, "is not a SHA-256 fingerprint"),
  addresses: z.array(z.string()).min(1, "names no address"),
  secret: z.string().min(1, "is empty"),
  expires_at: z.string().optional(),
});

export interface Token {
  readonly fingerprint: string;
  /** Where the server listens: "host:8443", "[fd42::1]:8443". */
  readonly addresses: readonly string[];
  /** The token itself, which is what servers want to see. */
  readonly text: string;
}

/** Whether a text looks like a token: JSON in base64 begins so, and no address has so many letters without a dot or colon. */
export const isToken = (text: string): boolean => /^eyJ[A-Za-z0-9+/_-]{20,}={0,2}$/.test(text.trim());

/** @throws ApiError BAD_REQUEST that does not hold the token, which is a secret */
export function parseToken(given: string, now = new Date()): Token {
  const text = given.trim();
  const told = jsonIn(text);
  if (told !== null && typeof told === "object" && "server_name" in told && !("client_name" in told))
    throw refused("it is for a server that joins a cluster, not for a client");
  const result = Token.safeParse(told);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw refused(`${issue?.path.join(".") || "it"} ${issue?.message ?? "is wrong"}`);
  }
  const { fingerprint, addresses, expires_at: expiresAt } = result.data;
  const end = expiresAt === undefined ? Number.NaN : Date.parse(expiresAt);
  // Go writes the year 1 for a token that does not expire.
  if (end > 0 && end < now.getTime()) throw refused(`it expired at ${expiresAt}`);
  return { fingerprint: fingerprint.toLowerCase(), addresses, text };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch {
    throw refused("it is not JSON in base64");
  }
}

const refused = (cause: string) =>
  badRequest(`Cannot use the token: ${cause}. Ask for another one ("lxc config trust add", "incus config trust add").`);
