/** Certificate: a client that the server trusts. */
import { X509Certificate } from "node:crypto";
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { ApiError, conflict } from "../../../sdk/api/errors";
import { inOwnWords, plainSet } from "../engine/alike";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { ifThere, namingProperty } from "../engine/failure";
import { adopt, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { withName } from "../engine/name";
import { compact, hiddenOf, type Props, same, unknownValue, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";
import { pick } from "./named";

const begin = "-----BEGIN CERTIFICATE-----";

/** @returns the certificate in a PEM text; nothing where there is none, or more than one */
function certificateIn(pem: unknown): X509Certificate | undefined {
  if (typeof pem !== "string" || pem.split(begin).length !== 2) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    // Whatever else it is, the check says that it is no certificate.
    return undefined;
  }
}

/** SHA-256 of a certificate, in 64 hexadecimal digits. */
const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(":", "").toLowerCase();

/** What clients with a certificate, or with a token for one, may do. */
export const rightsInputs = {
  restricted: z
    .boolean()
    .default(false)
    .meta({ description: "Whether the client has `projects` alone, and not the whole server." }),
  projects: z.array(Text.min(1)).default([]).meta({ description: "Projects of a restricted client." }),
};

/** Who names projects means to restrict. */
export const checkRights = ({ restricted, projects }: Props): CheckFailure[] =>
  Array.isArray(projects) && projects.length > 0 && (restricted === undefined || restricted === false)
    ? [{ property: "restricted", reason: 'must be true beside "projects": else the client has the whole server' }]
    : [];

export const clientType = wordOf(["client", "metrics"]).default("client");

export const CertificateInputs = z.strictObject({
  name: Text.min(1).meta({ description: "Name of the client, for people; made from the resource's name when absent." }),
  certificate: Text.refine((pem) => certificateIn(pem) !== undefined, {
    message: `must be one certificate as PEM text, which begins with "${begin}"`,
  }).meta(replacing("Certificate of the client, as PEM text.")),
  type: clientType.meta(replacing("What it is for: `client` when absent, or `metrics` for /1.0/metrics alone.")),
  description,
  ...rightsInputs,
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof CertificateInputs>;

const alike = {
  certificate: (pem: unknown): unknown => {
    const certificate = certificateIn(pem);
    return certificate === undefined ? pem : fingerprintOf(certificate);
  },
  projects: plainSet,
};

const parse = (props: Props): Inputs => CertificateInputs.parse(visibleOf(props));

/** Extension of servers that keep a description. */
const describing = "certificate_description";

function requireDescribing({ server }: Context, { description }: Inputs): void {
  if (description === "" || server.api_extensions.includes(describing)) return;
  throw new ApiError("BAD_REQUEST", "description: the server keeps none of certificates. Leave it out.");
}

const culprits = [
  [/already in trust store/i, "certificate"],
  [/project/i, "projects"],
  [/certificate/i, "certificate"],
] as const;

async function readBack({ client, signal }: Context, id: string, props: Props): Promise<Live> {
  const { value } = await client.getCertificate(id, { signal });
  const { name, type, description, restricted, certificate, fingerprint, projects } = value;
  const told = { name, type, description, restricted, certificate, projects: projects ?? [] };
  const inputs = compact({
    ...hiddenOf(props),
    ...pick(props, Object.keys(CertificateInputs.shape)),
    ...inOwnWords(alike, told, props),
  });
  return { id: fingerprint, outs: { ...inputs, fingerprint }, inputs };
}

/** Writes what differs. */
async function write(context: Context, id: string, inputs: Inputs): Promise<void> {
  const { client, signal } = context;
  const { name, type, description, restricted, projects } = inputs;
  await withRetry(context, async () => {
    const { value, etag } = await client.getCertificate(id, { signal });
    const wanted = { name, type, description, restricted, projects };
    const is = { ...pick(value, Object.keys(wanted)), projects: value.projects ?? [] };
    if (same({ ...wanted, projects: plainSet(projects) }, { ...is, projects: plainSet(is.projects) })) return;
    // None leaves the certificate as it is, an expired one too.
    const put = { ...wanted, type: type as "client" | "metrics", certificate: "" };
    await client.updateCertificate(id, put, { etag, signal });
  });
}

export const certificate: Core = {
  kind: "certificate",
  type: "Certificate",
  description: "A client that the server trusts, by its certificate.",
  inputs: CertificateInputs,
  outputs: z.object({
    fingerprint: z.string().meta({ description: "SHA-256 of the certificate, in 64 hexadecimal digits." }),
  }),
  idInputs: ["fingerprint"],
  nameMaxLength: 63,

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    const visible = visibleOf(named);
    return {
      inputs: { ...hiddenOf(named), ...withDefaults(CertificateInputs, visible) },
      failures: [...checkShape(CertificateInputs, visible), ...checkRights(visible)],
    };
  },

  /** A server has a certificate once: another type of the same one has to wait for the old one's end. */
  diff(olds, news) {
    const diff = diffProps({ schema: CertificateInputs, alike }, olds, news);
    const isSame = same(alike.certificate(olds.certificate), alike.certificate(news.certificate));
    const deleteFirst = isSame && !diff.replaces.includes("endpoint");
    return { ...diff, deleteFirst, deleteBeforeReplace: deleteFirst && diff.replaces.length > 0 };
  },

  planned({ certificate: pem }) {
    const known = certificateIn(pem);
    return { fingerprint: known === undefined ? unknownValue : fingerprintOf(known) };
  },

  async create(context, news) {
    const { client, signal } = context;
    const inputs = parse(news);
    requireDescribing(context, inputs);
    const { name, type, description, restricted, projects } = inputs;
    const read = new X509Certificate(inputs.certificate);
    const post = { name, type: type as "client" | "metrics", description, restricted, projects };
    try {
      await client.addCertificate({ ...post, certificate: read.raw.toString("base64") }, { signal });
    } catch (error) {
      if (!ApiError.is(error) || !/already in trust store/i.test(error.message)) throw namingProperty(error, culprits);
      if (inputs.adopt !== true)
        throw conflict(
          'certificate: Certificate already in trust store. Delete it there, or take it over with "adopt: true".',
        );
      await write(context, fingerprintOf(read), inputs);
    }
    return readBack(context, fingerprintOf(read), news);
  },

  read: (context, id, props) => ifThere(readBack(context, id, props)),

  async update(context, id, _olds, news) {
    const inputs = parse(news);
    requireDescribing(context, inputs);
    try {
      await write(context, id, inputs);
    } catch (error) {
      throw namingProperty(error, culprits);
    }
    return readBack(context, id, news);
  },

  delete(context, id) {
    const { client, signal } = context;
    return untilGone(context, {
      url: `/1.0/certificates/${id}`,
      remove: () => client.deleteCertificate(id, { signal }),
      look: () => client.getCertificate(id, { signal }),
    });
  },
};
