/** Certificate: self-signed X.509 certificates, of clients and of servers. Node reads them and cannot write them; forge writes their ASN.1. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import { asn1 } from "node-forge";

export interface CertificateOptions {
  readonly use: "client" | "server";
  /** Who it is about, such as "root@host". */
  readonly commonName: string;
  /** Names of the server. */
  readonly names?: readonly string[];
  /** IPv4 and IPv6 addresses of the server. */
  readonly addresses?: readonly string[];
  /** When it begins to count; an hour ago when absent, since clocks differ. */
  readonly from?: Date;
}

/** Clients meet a pinned certificate that expires as a broken server, so it lives as long as LXD's do. */
const lifeYears = 10;
const organization = "bothy";

const { Class, Type } = asn1;

const oids = {
  ecdsaWithSha384: "1.2.840.10045.4.3.3",
  organization: "2.5.4.10",
  commonName: "2.5.4.3",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  server: "1.3.6.1.5.5.7.3.1",
  client: "1.3.6.1.5.5.7.3.2",
} as const;

/** Forge takes bytes as a text of one character each. */
const binary = (bytes: Buffer): string => bytes.toString("latin1");
const utf8 = (text: string): string => binary(Buffer.from(text, "utf8"));

const primitive = (type: asn1.Type, value: string): asn1.Asn1 => asn1.create(Class.UNIVERSAL, type, false, value);
const sequence = (...parts: asn1.Asn1[]): asn1.Asn1 => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
const tagged = (tag: number, constructed: boolean, value: string | asn1.Asn1[]): asn1.Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as asn1.Type, constructed, value);
const oid = (dotted: string): asn1.Asn1 => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
const bits = (bytes: Buffer, unused = 0): asn1.Asn1 =>
  primitive(Type.BITSTRING, binary(Buffer.concat([Buffer.from([unused]), bytes])));
const der = (part: asn1.Asn1): string => asn1.toDer(part).getBytes();

/** A new key for ECDSA on the curve P-384, as PEM. */
export const makeKey = (): string =>
  generateKeyPairSync("ec", {
    namedCurve: "P-384",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;

/**
 * Makes a certificate for a key and signs it with the same one (RFC 5280; ECDSA with SHA-384, RFC 5758).
 * @param key as makeKey() gives it
 * @returns the certificate as PEM
 * @throws Error for an address that is none
 */
export function makeCertificate(key: string, options: CertificateOptions): string {
  const body = tbsCertificate(key, options);
  const signature = sign("sha384", Buffer.from(der(body), "latin1"), createPrivateKey(key));
  const bytes = Buffer.from(der(sequence(body, algorithm(), bits(signature))), "latin1");
  const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function tbsCertificate(key: string, options: CertificateOptions): asn1.Asn1 {
  const from = options.from ?? new Date(Date.now() - 3_600_000);
  const until = new Date(from);
  until.setUTCFullYear(until.getUTCFullYear() + lifeYears);
  const name = nameOf(options.commonName);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const version3 = "\x02";
  return sequence(
    tagged(0, true, [primitive(Type.INTEGER, version3)]),
    primitive(Type.INTEGER, serialNumber()),
    algorithm(),
    name,
    sequence(time(from), time(until)),
    name,
    asn1.fromDer(binary(publicKey)),
    tagged(3, true, [sequence(...extensionsOf(options))]),
  );
}

const algorithm = (): asn1.Asn1 => sequence(oid(oids.ecdsaWithSha384));

/** Positive, not zero, and written in as few bytes as DER wants. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return binary(bytes);
}

function nameOf(commonName: string): asn1.Asn1 {
  const attribute = (type: string, value: string) =>
    asn1.create(Class.UNIVERSAL, Type.SET, true, [sequence(oid(type), primitive(Type.UTF8, utf8(value)))]);
  return sequence(attribute(oids.organization, organization), attribute(oids.commonName, commonName));
}

/** Years from 2050 on have the longer form (RFC 5280, 4.1.2.5). */
const time = (date: Date): asn1.Asn1 =>
  date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));

function extensionsOf({ use, names = [], addresses = [] }: CertificateOptions): asn1.Asn1[] {
  const digitalSignature = bits(Buffer.from([0x80]), 7);
  const alternatives = [
    ...names.map((name) => tagged(2, false, utf8(name))),
    ...addresses.map((address) => tagged(7, false, binary(addressBytes(address)))),
  ];
  return [
    extension(oids.keyUsage, true, digitalSignature),
    extension(oids.extendedKeyUsage, false, sequence(oid(oids[use]))),
    extension(oids.basicConstraints, true, sequence()),
    ...(alternatives.length === 0 ? [] : [extension(oids.subjectAltName, false, sequence(...alternatives))]),
  ];
}

function extension(type: string, isCritical: boolean, value: asn1.Asn1): asn1.Asn1 {
  const critical = isCritical ? [primitive(Type.BOOLEAN, "\xff")] : [];
  return sequence(oid(type), ...critical, primitive(Type.OCTETSTRING, der(value)));
}

/** The 4 or 16 bytes of an address. @throws Error when it is none, or has a zone */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 0 || address.includes("%"))
    throw new Error(`Cannot make a certificate: "${address}" is not an address.`);
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // As URLs have it: hexadecimal groups alone, a mapped IPv4 address too, and at most one "::".
  const [before = "", after] = new URL(`https://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(before), groups(after ?? "")];
  const zeros = Array<string>(8 - first.length - last.length).fill("0");
  return Buffer.from([...first, ...zeros, ...last].map((group) => group.padStart(4, "0")).join(""), "hex");
}
