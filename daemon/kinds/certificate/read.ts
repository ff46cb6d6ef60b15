/** Read: a certificate as clients send it, and whether it is one that can be trusted at all. */
import { X509Certificate } from "node:crypto";
import { badRequest } from "../../../sdk/api/errors";

/** Shorter ones have been broken (NIST SP 800-57). */
const leastRsaBits = 2048;

/** A few kB are usual. */
const mostBytes = 64 * 1024;

const refuse = (cause: string) => badRequest(`Cannot trust the certificate: ${cause}.`);

/**
 * Reads the base64 of a certificate's DER, with line breaks as some clients have them; PEM is the same with a first and a last line.
 * @throws ApiError BAD_REQUEST that says why it is none, or none to trust
 */
export function readCertificate(text: string): X509Certificate {
  const body = text.replace(/-----(BEGIN|END) CERTIFICATE-----/g, "").replace(/\s+/g, "");
  if (body.length > mostBytes || !/^[A-Za-z0-9+/]+={0,2}$/.test(body))
    throw refuse("it is not base64. Send the certificate's DER in base64, which is what stands in a PEM file");
  const certificate = parse(Buffer.from(body, "base64"));
  requireTrustable(certificate);
  return certificate;
}

function parse(der: Buffer): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (error) {
    throw refuse(`it is not an X.509 certificate (${(error as Error).message}). Send one in DER`);
  }
  if (certificate.raw.length !== der.length) throw refuse("something follows it. Send one certificate alone");
  return certificate;
}

/** @throws ApiError BAD_REQUEST */
export function requireTrustable(certificate: X509Certificate): void {
  const { validFrom, validTo, publicKey } = certificate;
  if (Date.parse(validTo) < Date.now()) throw refuse(`it expired at ${validTo}. Make a new one`);
  if (Date.parse(validFrom) > Date.now())
    throw refuse(`it counts from ${validFrom} on. Look at the clocks of both machines, or wait`);
  const { asymmetricKeyType: type = "", asymmetricKeyDetails: details } = publicKey;
  if (!["ec", "ed25519", "ed448", "rsa", "rsa-pss"].includes(type))
    throw refuse(`its key is of the type ${type}. Make one of ec, ed25519 or rsa`);
  const bits = details?.modulusLength;
  if (bits !== undefined && bits < leastRsaBits)
    throw refuse(`its RSA key has ${bits} bits. Make one of ${leastRsaBits} or more`);
}
