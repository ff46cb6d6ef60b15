/** Zone entry: text as zone files have it, read into what DNS carries (RFC 1035, section 5; what each type holds, in its own RFC). */
import { isIPv4, isIPv6 } from "node:net";
import { dnsNameReason } from "./dns-name";
import { apex } from "./network-zone-record";

/** The data of one type, from the words of its text. @returns nothing where they do not fit */
type Reader = (words: readonly string[], zone: string) => unknown;

const whole = (word: string | undefined, most: number): number | undefined =>
  word !== undefined && /^\d{1,10}$/.test(word) && Number(word) <= most ? Number(word) : undefined;

/** A name that does not end with a dot is one of the zone. */
function nameOf(word: string | undefined, zone: string): string | undefined {
  if (word === undefined) return undefined;
  if (word === ".") return word;
  const name = word === apex ? zone : word.endsWith(".") ? word.slice(0, -1) : `${word}.${zone}`;
  return dnsNameReason(name) === undefined ? name : undefined;
}

const bytesOf = (words: readonly string[]): Buffer | undefined => {
  const digits = words.join("");
  return /^([0-9a-f]{2})+$/i.test(digits) ? Buffer.from(digits, "hex") : undefined;
};

/** What DNS counts in one byte. */
const isShort = (text: string): boolean => Buffer.byteLength(text) <= 255;

/** Fields that are all there, or nothing. */
const allOf = <T extends Record<string, unknown>>(fields: T): T | undefined =>
  Object.values(fields).includes(undefined) ? undefined : fields;

const ofCount =
  (count: number, read: Reader): Reader =>
  (words, zone) =>
    words.length === count ? read(words, zone) : undefined;

const oneName = ofCount(1, ([word], zone) => nameOf(word, zone));

const fingerprintBytes: Readonly<Record<number, number>> = { 1: 20, 2: 32 };

const readers: Readonly<Record<string, Reader>> = {
  A: ofCount(1, ([word = ""]) => (isIPv4(word) ? word : undefined)),
  AAAA: ofCount(1, ([word = ""]) => (isIPv6(word) && !word.includes("%") ? word : undefined)),
  CAA: ofCount(3, ([flags, tag = "", value]) =>
    /^[a-z0-9]{1,255}$/i.test(tag) ? allOf({ flags: whole(flags, 255), tag, value }) : undefined,
  ),
  CNAME: oneName,
  DNAME: oneName,
  DS: ([keyTag, algorithm, digestType, ...digest]) =>
    allOf({
      keyTag: whole(keyTag, 65535),
      algorithm: whole(algorithm, 255),
      digestType: whole(digestType, 255),
      digest: bytesOf(digest),
    }),
  MX: ofCount(2, ([preference, exchange], zone) =>
    allOf({ preference: whole(preference, 65535), exchange: nameOf(exchange, zone) }),
  ),
  NAPTR: ofCount(6, ([order, preference, flags = "", services = "", regexp = "", replacement], zone) =>
    [flags, services, regexp].every(isShort)
      ? allOf({
          order: whole(order, 65535),
          preference: whole(preference, 65535),
          flags,
          services,
          regexp,
          replacement: nameOf(replacement, zone),
        })
      : undefined,
  ),
  NS: oneName,
  PTR: oneName,
  SRV: ofCount(4, ([priority, weight, port, target], zone) =>
    allOf({
      priority: whole(priority, 65535),
      weight: whole(weight, 65535),
      port: whole(port, 65535),
      target: nameOf(target, zone),
    }),
  ),
  SSHFP: ([algorithm, hash, ...digits]) => {
    const fingerprint = bytesOf(digits);
    const type = whole(hash, 255);
    return type !== undefined && fingerprint?.length === fingerprintBytes[type]
      ? allOf({ algorithm: whole(algorithm, 255), hash: type, fingerprint: fingerprint?.toString("hex") })
      : undefined;
  },
  TLSA: ([usage, selector, matchingType, ...certificate]) =>
    allOf({
      usage: whole(usage, 255),
      selector: whole(selector, 255),
      matchingType: whole(matchingType, 255),
      certificate: bytesOf(certificate),
    }),
  TXT: (words) => (words.length > 0 && words.every(isShort) ? words.map((word) => Buffer.from(word)) : undefined),
};

/** Words with blanks between; within quotes blanks count, and a backslash takes the meaning of what follows. */
function wordsOf(value: string): string[] {
  const found = value.matchAll(/"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)/gs);
  return [...found].map(([, quoted, plain = ""]) => (quoted ?? plain).replace(/\\(\d{3}|.)/gs, unescaped));
}

const unescaped = (_all: string, what: string): string =>
  what.length === 3 ? String.fromCharCode(Number(what) & 255) : what;

/** Types of DNS that an entry can be of. */
export const entryTypes: readonly string[] = Object.keys(readers);

/** What an entry carries, by its type in capitals. @returns nothing of one that cannot be read, as a damaged one */
export const entryData = (zone: string, type: string, value: string): unknown =>
  Object.hasOwn(readers, type) && !/[\r\n\0]/.test(value) ? readers[type]?.(wordsOf(value), zone) : undefined;
