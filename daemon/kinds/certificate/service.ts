/** Certificates: which clients are trusted, with what, and how one comes to be. */
import { timingSafeEqual, type X509Certificate } from "node:crypto";
import type { Certificate, CertificatePut, CertificatesPost, CertificateType } from "../../../sdk/api/certificate";
import { badRequest, conflict, notFound } from "../../../sdk/api/errors";
import { hasServer, notAuthorized, vouchedFor } from "../../core/access";
import type { Call, Rights } from "../../core/call";
import { type Ref, ref } from "../../core/ref";
import type { RunningOperation } from "../../platform/operations";
import { fingerprintOf } from "../../platform/tls/server-certificate";
import { Guard } from "./guard";
import type { CertificateHome } from "./home";
import { readCertificate, requireTrustable } from "./read";
import { type CertificateRecord, CertificateStore, type Trusted } from "./store";
import { type Token, Tokens } from "./tokens";

export const certificateRef = (fingerprint: string): Ref => ref("certificate", fingerprint);

export class CertificateService {
  readonly #store: CertificateStore;
  readonly #tokens: Tokens;
  readonly #guard = new Guard();

  constructor(private readonly home: CertificateHome) {
    this.#store = new CertificateStore(home.database);
    this.#tokens = new Tokens(home);
  }

  rightsOf(fingerprint: string): Rights {
    return this.#rightsOf(fingerprint, "client");
  }

  isStored(fingerprint: string): boolean {
    return this.#match(fingerprint) !== undefined;
  }

  metricsOf(fingerprint: string): Rights {
    return this.#rightsOf(fingerprint, "metrics");
  }

  #rightsOf(fingerprint: string, type: CertificateType): Rights {
    const found = this.#match(fingerprint);
    const now = Date.now();
    if (found === undefined || found.type !== type || now < found.from || now > found.until) return "nothing";
    return found.restricted ? found.projectSet : "server";
  }

  /** In a time that does not tell how much of it fits. */
  #match(fingerprint: string): Trusted | undefined {
    const given = Buffer.from(fingerprint);
    return this.#store
      .list()
      .filter((one) => given.length === one.fingerprint.length && timingSafeEqual(given, Buffer.from(one.fingerprint)))
      .at(0);
  }

  /** Those that who calls may know of: all, or his own. */
  list(call: Call): Certificate[] {
    return this.#seenBy(call).map(shown);
  }

  #seenBy(call: Call): Trusted[] {
    const own = call.actor?.shown?.fingerprint;
    return this.#store.list().filter(({ fingerprint }) => hasServer(call) || fingerprint === own);
  }

  /** @param prefix fingerprint or a unique beginning of it @throws ApiError NOT_FOUND, or BAD_REQUEST when several begin so */
  get(call: Call, prefix: string): Certificate {
    const isFit = /^[0-9a-f]{1,64}$/.test(prefix);
    const [first, second] = isFit ? this.#seenBy(call).filter(({ fingerprint }) => fingerprint.startsWith(prefix)) : [];
    if (first === undefined) throw notFound("Certificate not found");
    if (second !== undefined)
      throw badRequest(`Certificate fingerprint "${prefix}" is not unique. Give more of its digits.`);
    return shown(first);
  }

  /** Makes a token, with which one client can add itself. @throws ApiError FORBIDDEN, BAD_REQUEST */
  issueToken(call: Call, post: CertificatesPost): RunningOperation {
    if (!hasServer(call)) throw notAuthorized();
    for (const project of post.projects) this.home.projects.require(project);
    return this.#tokens.issue(call, post);
  }

  /**
   * Trusts a certificate: of who has the server, or knows its password or a token.
   * @returns its fingerprint
   * @throws ApiError FORBIDDEN, CONFLICT, BAD_REQUEST for a certificate that cannot be trusted
   */
  async add(call: Call, post: CertificatesPost): Promise<string> {
    const token = hasServer(call) ? undefined : await this.#tokenOrPassword(call, post);
    const certificate = post.certificate === "" ? ownOf(call) : readCertificate(post.certificate);
    const { name, type, description, restricted, projects } = token?.request ?? post;
    const fingerprint = fingerprintOf(certificate);
    const record: CertificateRecord = {
      fingerprint,
      type,
      name: name || nameOf(call, post, certificate),
      description,
      restricted,
      projects: [...new Set(projects)],
      certificate: certificate.toString(),
    };
    const of = certificateRef(fingerprint);
    await this.home.changes.run(vouchedFor(call), {
      of: [of],
      told: { action: "certificate-created", of },
      work: () => {
        for (const project of record.projects) this.home.projects.require(project);
        if (this.#store.find(fingerprint) !== undefined) throw conflict("Certificate already in trust store");
        if (token !== undefined) this.#tokens.use(token);
        this.#store.insert(record);
      },
    });
    return fingerprint;
  }

  /** @returns the token; nothing for the password @throws ApiError FORBIDDEN when it is neither */
  async #tokenOrPassword({ actor }: Call, { password, trust_token }: CertificatesPost): Promise<Token | undefined> {
    const address = actor?.address ?? "";
    this.#guard.requireTurn(address);
    // Counted before it is judged, so that many at once are not free.
    this.#guard.wrong(address);
    const token = this.#tokens.find(trust_token || password);
    if (token === undefined && !(await this.home.server.isTrustPassword(password))) {
      this.home.log.warning("A wrong password or token was refused", { address });
      throw notAuthorized();
    }
    this.#guard.right(address);
    return token;
  }

  /**
   * Replaces the mutable part, and the certificate itself. A restricted client may do the latter, to its own. Connections of a client whose
   * rights change end, since some were opened with the old ones.
   * @throws ApiError NOT_FOUND, FORBIDDEN, CONFLICT when the new certificate is trusted already, BAD_REQUEST when it cannot be
   */
  update(call: Call, fingerprint: string, put: CertificatePut): void {
    const before = this.#store.find(fingerprint);
    if (before === undefined) throw notFound("Certificate not found");
    const { name, type, description, restricted } = put;
    const projects = [...new Set(put.projects)];
    const hasSameRights =
      before.type === type &&
      before.restricted === restricted &&
      `${before.projects.toSorted()}` === `${projects.toSorted()}`;
    const hasSameTitle = before.name === name && before.description === description;
    if (!hasServer(call) && !(hasSameRights && hasSameTitle)) throw notAuthorized();
    for (const project of projects) if (!before.projectSet.has(project)) this.home.projects.require(project);
    const next = put.certificate === "" ? undefined : readCertificate(put.certificate);
    const renewed = next === undefined ? fingerprint : fingerprintOf(next);
    const isRenewed = next !== undefined && renewed !== fingerprint;
    if (isRenewed && this.#store.find(renewed) !== undefined) throw conflict("Certificate already in trust store");
    const certificate = isRenewed ? next.toString() : before.certificate;
    this.#store.update(fingerprint, {
      fingerprint: renewed,
      certificate,
      name,
      type,
      description,
      restricted,
      projects,
    });
    if (isRenewed || !hasSameRights) this.#hangUp(call, fingerprint);
  }

  delete(call: Call, fingerprint: string): void {
    this.#store.delete(fingerprint);
    this.#hangUp(call, fingerprint);
  }

  /** The connection on which the answer goes out is not cut. */
  #hangUp(call: Call | undefined, fingerprint: string): void {
    this.home.doors.hangUp(fingerprint, call?.actor?.shown?.connection);
  }

  /** Follows a renamed project, within the caller's transaction. */
  projectRenamed(from: string, to: string): void {
    this.#changeProjects(from, (projects) => projects.map((project) => (project === from ? to : project)));
  }

  /** A later project of the same name is another one. Within the caller's transaction. */
  projectDeleted(name: string): void {
    this.#changeProjects(name, (projects) => projects.filter((project) => project !== name));
  }

  #changeProjects(name: string, change: (projects: readonly string[]) => string[]): void {
    const users = this.#store.list().filter(({ projectSet }) => projectSet.has(name));
    for (const user of users) {
      this.#store.update(user.fingerprint, { ...user, projects: change(user.projects) });
      this.#hangUp(undefined, user.fingerprint);
    }
  }
}

const shown = ({ fingerprint, type, name, description, restricted, projects, certificate }: Trusted): Certificate => ({
  fingerprint,
  type,
  name,
  description,
  restricted,
  projects: [...projects],
  certificate,
});

/** The certificate that a client showed. @throws ApiError BAD_REQUEST */
function ownOf({ actor }: Call): X509Certificate {
  const certificate = actor?.shown?.certificate;
  if (actor?.protocol !== "tls" || actor.rights !== "nothing")
    throw badRequest('Client is already trusted. Send a certificate in "certificate", or ask for a token.');
  if (certificate === undefined)
    throw badRequest('No client certificate provided. Connect with one, or send it in "certificate".');
  requireTrustable(certificate);
  return certificate;
}

/** As LXD calls those that say no name: the client itself by where it came from, a certificate that was sent by what it says of itself. */
function nameOf({ actor }: Call, post: CertificatesPost, { subject }: X509Certificate): string {
  const isSent = post.certificate !== "" || actor?.shown === undefined;
  const host = isSent ? "" : actor.address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return host || (/^CN=(.*)$/m.exec(subject)?.[1] ?? "");
}
