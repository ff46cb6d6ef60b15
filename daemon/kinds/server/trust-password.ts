/** Trust password: how the server remembers it, which is not as it is written. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { unavailable } from "../../../sdk/api/errors";
import { Slots } from "../../platform/processes/slots";

/** 16 MiB and some 50 ms a try; RFC 7914 has the words. */
const cost = { N: 16_384, r: 8, p: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** Strangers make us do this: one at a time, and few in the queue. */
const oneAtATime = new Slots(1);
const mostWaiting = 16;
let waiting = 0;

/** @returns text that tells whether a password is this one, and nothing else of it */
export async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, hashBytes, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64"), hash.toString("base64")].join("$");
}

/** @param stored what hashOf gave @throws ApiError UNAVAILABLE while too many ask at once */
export async function isPassword(stored: string, password: string): Promise<boolean> {
  const [kind, N, r, p, salt = "", hash = ""] = stored.split("$");
  if (kind !== "scrypt") return false;
  if (waiting >= mostWaiting)
    throw unavailable("Cannot check the password: too many others are checked now. Try again in a moment.");
  waiting += 1;
  try {
    const expected = Buffer.from(hash, "base64");
    const options = { N: Number(N), r: Number(r), p: Number(p) };
    const found = await oneAtATime.run(() => derive(password, Buffer.from(salt, "base64"), expected.length, options));
    return timingSafeEqual(found, expected);
  } finally {
    waiting -= 1;
  }
}

function derive(password: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
