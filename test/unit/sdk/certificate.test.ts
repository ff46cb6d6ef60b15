/** Certificates: what Node and openssl read in those that we make. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { makeCertificate, makeKey } from "../../../sdk/host/certificate";
import { findProgram } from "../../../sdk/host/program";

const key = makeKey();
const server = () =>
  makeCertificate(key, {
    use: "server",
    commonName: "root@häuschen",
    names: ["localhost", "lab.example"],
    addresses: ["127.0.0.1", "::1", "fd42:1::a0:0:1", "::ffff:10.0.0.1"],
  });

test("the key is of the curve P-384 and belongs to the certificate, which signs itself", () => {
  assert.equal(createPrivateKey(key).asymmetricKeyDetails?.namedCurve, "secp384r1");
  const certificate = new X509Certificate(server());
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  assert.ok(certificate.verify(certificate.publicKey), "the signature is its own key's");
  assert.equal(certificate.ca, false);
});

test("a server's certificate has its names and addresses, and counts for ten years from an hour ago", () => {
  const certificate = new X509Certificate(server());
  assert.equal(
    certificate.subjectAltName,
    "DNS:localhost, DNS:lab.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FD42:1:0:0:0:A0:0:1, IP Address:0:0:0:0:0:FFFF:A00:1",
  );
  assert.equal(certificate.checkHost("lab.example"), "lab.example");
  assert.equal(certificate.checkIP("fd42:1::a0:0:1"), "fd42:1::a0:0:1");
  assert.equal(certificate.subject, "O=bothy\nCN=root@häuschen");
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  const [from, until] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  assert.ok(from.getTime() < Date.now() && Date.now() - from.getTime() < 2 * 3_600_000);
  assert.equal(until.getUTCFullYear() - from.getUTCFullYear(), 10);
});

test("a client's certificate has no other names, and no two have one serial number", () => {
  const made = [1, 2].map(() => new X509Certificate(makeCertificate(key, { use: "client", commonName: "me" })));
  for (const certificate of made) {
    assert.equal(certificate.subjectAltName, undefined);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/);
  }
  assert.notEqual(made[0]?.serialNumber, made[1]?.serialNumber);
});

test("times from 2050 on are written in their longer form", () => {
  const from = new Date("2045-06-01T12:00:00Z");
  const certificate = new X509Certificate(makeCertificate(key, { use: "client", commonName: "me", from }));
  assert.equal(new Date(certificate.validTo).toISOString(), "2055-06-01T12:00:00.000Z");
});

test("an address that is none is refused", () => {
  for (const address of ["localhost", "1.2.3", "fe80::1%eth0", ""])
    assert.throws(
      () => makeCertificate(key, { use: "server", commonName: "x", addresses: [address] }),
      /is not an address/,
    );
});

test("openssl reads all of it", { skip: findProgram("openssl") === undefined && "openssl is not installed" }, () => {
  const text = execFileSync("openssl", ["x509", "-noout", "-text"], { input: server(), encoding: "utf8" });
  for (const words of [
    /Version: 3 /,
    /Signature Algorithm: ecdsa-with-SHA384/,
    /ASN1 OID: secp384r1/,
    /X509v3 Key Usage: critical\s+Digital Signature\n/,
    /X509v3 Extended Key Usage: \s*TLS Web Server Authentication/,
    /X509v3 Basic Constraints: critical\s+CA:FALSE/,
    /DNS:localhost, DNS:lab.example, IP Address:127.0.0.1/,
  ])
    assert.match(text, words);
  assert.match(execFileSync("openssl", ["asn1parse"], { input: server(), encoding: "utf8" }), /d=0 +hl=4 .*SEQUENCE/);
});
