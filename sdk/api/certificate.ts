/** Certificate: a client that the server trusts (docs/lxd-api.md, Trust). */
import * as z from "zod";
import { flag, Text, text } from "./common";
import { means } from "./means";

/** What clients with a certificate may do. */
export const CertificateType = z.enum(["client", "metrics"]);
export type CertificateType = z.infer<typeof CertificateType>;

const restricted = flag.meta({ description: "Whether the client has `projects` alone, and not the whole server." });
const description = text.meta({ description: "What it is for." });
const projects = z.array(Text).default([]).meta({ description: "Projects of a restricted client." });

export const CertificatePut = z.object({
  name: text,
  type: CertificateType.default("client"),
  description,
  restricted,
  projects,
  certificate: text.meta({ description: "The certificate as PEM. Another one takes its place." }),
});
export type CertificatePut = z.infer<typeof CertificatePut>;

/** As LXD's clients send it: an empty type is that of a client. */
export const CertificatesPost = z.object({
  name: text,
  type: means(
    z
      .enum(["client", "metrics", ""])
      .default("client")
      .transform((type) => type || "client"),
    "`client`, also when empty, or `metrics`.",
  ),
  description,
  restricted,
  projects,
  certificate: text.meta({ description: "Base64 of the certificate's DER; empty for that of the connection." }),
  password: text.meta({ description: "`core.trust_password`, or a token: from who is not trusted yet." }),
  trust_token: text.meta({ description: "A token, by the name that Incus has for it." }),
  token: flag.meta({ description: "Makes a token instead, with which a client adds itself." }),
});
export type CertificatesPost = z.infer<typeof CertificatesPost>;

export const Certificate = z.looseObject({
  name: z.string(),
  type: means(z.string(), "`client` or `metrics`."),
  description: z.string().default(""),
  restricted: z.boolean(),
  projects: z.array(z.string()).nullable().default([]),
  certificate: means(z.string(), "PEM."),
  fingerprint: means(z.string(), "SHA-256 of it, in 64 hexadecimal digits."),
});
export type Certificate = z.infer<typeof Certificate>;

/** What a token says, as JSON in base64. Clients make it of the operation's metadata. */
export const CertificateToken = z.looseObject({ secret: z.string() });
