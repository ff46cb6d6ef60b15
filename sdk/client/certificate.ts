/** Certificate: typed calls about the clients that a server trusts. */
import * as z from "zod";
import { Certificate, CertificatePut, CertificatesPost } from "../api/certificate";
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
  expiresAt: z.string().default("0001-01-01T00:00:00Z"),
});

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
  createCertificateToken: async (
    post: Omit<z.input<typeof CertificatesPost>, "token">,
    options?: CallOptions,
  ): Promise<string> => {
    const operation = await wire.start("POST", all, {
      ...options,
      body: body(CertificatesPost, { ...post, token: true }),
    });
    const { secret, fingerprint, addresses, expiresAt } = TokenMetadata.parse(operation.latest.metadata);
    const token = { client_name: post.name ?? "", fingerprint, addresses, secret, expires_at: expiresAt };
    return Buffer.from(JSON.stringify(token)).toString("base64");
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
