/**
 * Server certificate: server.crt and server.key in the state folder, by which clients know this server again. Made at the first need, unless an administrator
 * has put files of his own there; server.ca beside them says whose certificates clients must have.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { badRequest } from "../../../sdk/api/errors";
import { ownFile } from "../folders/aside";
import type { Dirs } from "../folders/dirs";
import { readTextNow } from "../folders/files";
import { keptName } from "../folders/kept-name";
import type { Log } from "../log";
import type { WarningPort } from "../warning/port";

/** What TLS is spoken with, all PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who must have signed the certificates of clients. */
  readonly ca?: string;
  /** Those of them that do not count any more. */
  readonly crl?: string;
}

export interface KnownCertificate {
  /** PEM; the first one of a chain. */
  readonly pem: string;
  /** SHA-256, in 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** The same for every certificate. */
export const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(":", "").toLowerCase();

export class ServerCertificate {
  #known: KnownCertificate | undefined;

  constructor(private readonly home: { readonly dirs: Dirs; readonly log: Log; readonly warnings: WarningPort }) {}

  #file(name: string): string {
    return path.join(this.home.dirs.root, name);
  }

  /** The certificate, if there is one already. */
  known(): KnownCertificate | undefined {
    if (this.#known !== undefined) return this.#known;
    const cert = readTextNow(this.#file("server.crt"));
    const key = readTextNow(this.#file("server.key"));
    if (cert === undefined || key === undefined || problemOf(cert, key) !== undefined) return undefined;
    return this.#note(cert);
  }

  #note(cert: string): KnownCertificate {
    const certificate = new X509Certificate(cert);
    this.#known = { pem: certificate.toString(), fingerprint: fingerprintOf(certificate) };
    return this.#known;
  }

  /** Reads the files, and makes those that are missing. @throws ApiError BAD_REQUEST for a server.ca that is none */
  async files(): Promise<TlsFiles> {
    const { log } = this.home;
    for (const name of ["server.crt", "server.key"]) ownFile(log, this.#file(name));
    const cert = readTextNow(this.#file("server.crt"));
    const key = readTextNow(this.#file("server.key"));
    const problem = cert === undefined && key === undefined ? undefined : problemOf(cert, key);
    if (problem !== undefined) this.#putAside(problem);
    const own = cert !== undefined && key !== undefined && problem === undefined ? { cert, key } : await this.#make();
    this.#note(own.cert);
    return { ...own, ...this.#authority() };
  }

  /** Nobody's certificate is thrown away: clients may have been told it. */
  #putAside(problem: string): void {
    const kept = ["server.crt", "server.key"].flatMap((name) => {
      if (readTextNow(this.#file(name)) === undefined) return [];
      const to = keptName(this.#file(name), ".aside-");
      renameSync(this.#file(name), to);
      return [to];
    });
    this.home.warnings.record("serverCertificate", {
      message: `${problem}. The files are kept as ${kept.map((file) => `"${file}"`).join(" and ")}, and a new certificate is made, which clients do not know. Put the right files back, take core.https_address away and set it again`,
    });
  }

  async #make(): Promise<{ cert: string; key: string }> {
    // Not before: most daemons never need what writes certificates.
    const { makeCertificate, makeKey } = await import("../../../sdk/host/certificate");
    const hostname = os.hostname();
    const key = makeKey();
    const cert = makeCertificate(key, {
      use: "server",
      commonName: `root@${hostname}`,
      names: [...new Set([hostname, "localhost"])],
      addresses: ["127.0.0.1", "::1"],
    });
    this.#write("server.key", key, 0o600);
    this.#write("server.crt", cert, 0o644);
    this.home.log.info("Made a certificate for HTTPS", { file: this.#file("server.crt") });
    return { cert, key };
  }

  /** Whole or not at all. */
  #write(name: string, text: string, mode: number): void {
    const half = `${this.#file(name)}.new`;
    writeFileSync(half, text, { mode, flush: true });
    renameSync(half, this.#file(name));
  }

  #authority(): Pick<TlsFiles, "ca" | "crl"> {
    const ca = readTextNow(this.#file("server.ca"));
    if (ca === undefined) return {};
    if (!isCertificate(ca))
      throw badRequest(
        `Cannot listen for HTTPS: "${this.#file("server.ca")}" is not a certificate in PEM. Put the authority's certificate there, or take the file away.`,
      );
    const crl = readTextNow(this.#file("ca.crl"));
    return { ca, ...(crl === undefined ? {} : { crl }) };
  }
}

/** What keeps a certificate and a key from being used together. */
function problemOf(cert: string | undefined, key: string | undefined): string | undefined {
  if (cert === undefined) return "There is a server.key and no server.crt";
  if (key === undefined) return "There is a server.crt and no server.key";
  if (!isCertificate(cert)) return "server.crt is not a certificate in PEM";
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
      ? undefined
      : "server.key is not the key of server.crt";
  } catch {
    // Damaged, or with a passphrase that nobody could give.
    return "server.key is not a private key in PEM without a passphrase";
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    // Nothing that Node can read.
    return false;
  }
}
