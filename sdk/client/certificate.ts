/** Certificate: typed calls about the clients that a server trusts. */
import * as z from "zod";
import { Certificate, CertificatePut, CertificatesPost } from "../api/certificate";
import { never } from "../api/common";
import { notFound } from "../api/errors";
import { isFinal, Operation } from "../api/operation";
import { patchOf } from "../api/patch";
import { listOf } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Tagged, type Wire } from "./wire";

const all = "/1.0/certificates";
const one = (fingerprint: string) => urlOf`/1.0/certificates/${fingerprint}`;

/** What an operation of class token tells. */
const TokenMetadata = z.looseObject({
  secret: z.string(),
  fingerprint: z.string(),
  addresses: z.array(z.string()),
  expiresAt: z.string().default(never),
  request: z
    .looseObject({
      name: z.string().default(""),
      type: z.string().default("client"),
      restricted: z.boolean().default(false),
      projects: z.array(z.string()).nullish(),
    })
    .optional(),
});

/** A token that nobody has used yet. */
export interface CertificateTokenShown {
  /** Of its operation, which is cancelled to take the token back. */
  readonly id: string;
  /** What a client is given. */
  readonly token: string;
  /** In RFC 3339; of the year 1 for never. */
  readonly expiresAt: string;
  /** What the client becomes. */
  readonly name: string;
  readonly type: string;
  readonly restricted: boolean;
  readonly projects: readonly string[];
}

function tokenOf({ id, metadata }: Operation, givenName?: string): CertificateTokenShown {
  const { secret, fingerprint, addresses, expiresAt, request } = TokenMetadata.parse(metadata);
  const { name = givenName ?? "", type = "client", restricted = false, projects } = request ?? {};
  const said = { client_name: name, fingerprint, addresses, secret, expires_at: expiresAt };
  const token = Buffer.from(JSON.stringify(said)).toString("base64");
  return { id, token, expiresAt, name, type, restricted, projects: projects ?? [] };
}

type TokenPost = Omit<z.input<typeof CertificatesPost>, "token">;

async function issue(wire: Wire, post: TokenPost, options?: CallOptions): Promise<CertificateTokenShown> {
  const made = body(CertificatesPost, { ...post, token: true });
  const { latest } = await wire.start("POST", all, { ...options, body: made });
  return tokenOf(latest, post.name);
}

export const certificateCalls = (wire: Wire) => ({
  listCertificates: (options?: CallOptions): Promise<Certificate[]> =>
    wire.get(`${all}?recursion=1`, listOf(Certificate), options),

  /** @param fingerprint whole, or a prefix that is unique @throws ApiError NOT_FOUND */
  getCertificate: (fingerprint: string, options?: CallOptions): Promise<Tagged<Certificate>> =>
    wire.getTagged(one(fingerprint), Certificate, options),

  /** Trusts the certificate that `certificate` has as base64 of its DER. @throws ApiError CONFLICT when it is trusted already */
  addCertificate: (post: z.input<typeof CertificatesPost>, options?: CallOptions): Promise<void> =>
    wire.write("POST", all, { ...options, body: body(CertificatesPost, post) }),

  /**
   * Makes a token, with which one client can add itself (`lxc remote add NAME TOKEN`). Its operation, of class token, is cancelled to take it back.
   * @throws ApiError BAD_REQUEST while the server is not on the network
   */
  createCertificateToken: async (post: TokenPost, options?: CallOptions): Promise<string> =>
    (await issue(wire, post, options)).token,

  /** As createCertificateToken, with all that the server tells of the token. */
  issueCertificateToken: (post: TokenPost, options?: CallOptions): Promise<CertificateTokenShown> =>
    issue(wire, post, options),

  /** Reads a token that nobody has used yet. @param id of its operation @throws ApiError NOT_FOUND for one that is used, expired or taken back */
  getCertificateToken: async (id: string, options?: CallOptions): Promise<CertificateTokenShown> => {
    const operation = await wire.get(urlOf`/1.0/operations/${id}`, Operation, options);
    if (operation.class !== "token" || isFinal(operation)) throw notFound("Token not found");
    return tokenOf(operation);
  },

  /** Replaces name, type and projects. Connections of a client whose rights change end. */
  updateCertificate: (
    fingerprint: string,
    put: z.input<typeof CertificatePut>,
    options?: WriteOptions,
  ): Promise<void> => wire.write("PUT", one(fingerprint), { ...options, body: body(CertificatePut, put) }),

  /** Replaces the fields that are given. */
  patchCertificate: (fingerprint: string, patch: Partial<CertificatePut>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", one(fingerprint), { ...options, body: body(patchOf(CertificatePut), patch) }),

  /** Trusts a client no more, and ends its connections. @throws ApiError NOT_FOUND */
  deleteCertificate: (fingerprint: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", one(fingerprint), options),
});
