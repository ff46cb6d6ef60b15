/** Secret: random texts that open something, and their comparison. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 64 hexadecimal digits. */
export const makeSecret = (): string => randomBytes(32).toString("hex");

/** In constant time, so that a secret cannot be guessed piece by piece; the digests are equally long whatever somebody sends. */
export const isSameSecret = (own: string, given: string): boolean => timingSafeEqual(digest(own), digest(given));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
