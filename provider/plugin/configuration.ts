/** Configuration: what a provider resource, or the stack's `bothy:*`, says for all resources: which server, as whom, and where on it. */
import * as z from "zod";
import { ProjectName, Text } from "../../sdk/api/common";
import { checkShape, givenInputs } from "../core/engine/check";
import type { CheckFailure } from "../core/engine/core";
import { endpointReason } from "../core/engine/inputs";
import { type Props, unknownValue, visibleOf } from "../core/engine/values";
import type { Defaults } from "../endpoint";

const pem = (what: string) =>
  Text.refine((text) => text.trim().startsWith("-----BEGIN "), {
    message: `must be ${what} as PEM text, which begins with "-----BEGIN"`,
  });

export const ProviderInputs = z.strictObject({
  endpoint: Text.min(1)
    .refine((text) => endpointReason(text) === undefined, {
      error: ({ input }) => endpointReason(String(input)) ?? "is not an endpoint",
    })
    .optional()
    .meta({
      description:
        "Server of resources that name none: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens.",
    }),
  project: ProjectName.optional().meta({
    description: "Project of the server that all resources of this provider are in; `default` when absent.",
    replaces: true,
  }),
  target: Text.min(1).optional().meta({
    description: "Member of a cluster on which things are made; the cluster chooses when absent.",
  }),
  certificate: pem("a certificate").optional().meta({
    description:
      "Certificate by which an https server knows this client, as PEM text; that of `bothy remote add` when absent.",
  }),
  key: pem("a private key").optional().meta({ description: "Key of the certificate, as PEM text.", secret: true }),
  token: Text.min(1).optional().meta({
    description:
      "Token of the https server that `endpoint` names (`lxc config trust add`, `incus config trust add NAME`): it makes the server trust the certificate at first, and says which certificate the server has.",
    secret: true,
  }),
});

/** Names of the inputs that are secret, whoever says them. */
export const secretInputs: readonly string[] = Object.entries(ProviderInputs.shape).flatMap(([name, field]) =>
  (field as z.ZodType).meta()?.secret ? [name] : [],
);

/** What the engine adds to a provider's inputs. */
const engineInputs: readonly string[] = ["version", "pluginDownloadURL"];

const ownOf = (props: Props): Props =>
  Object.fromEntries(Object.entries(givenInputs(visibleOf(props))).filter(([name]) => !engineInputs.includes(name)));

/** What is wrong with a provider's inputs; those that are not known yet pass. */
export function checkConfiguration(props: Props): CheckFailure[] {
  const inputs = ownOf(props);
  const failures = checkShape(ProviderInputs, inputs);
  const add = (property: string, reason: string) => failures.push({ property, reason });
  if (inputs.certificate !== undefined && inputs.key === undefined) add("key", 'is required beside "certificate"');
  if (inputs.key !== undefined && inputs.certificate === undefined) add("certificate", 'is required beside "key"');
  const { endpoint } = inputs;
  const isLocal = typeof endpoint === "string" && endpoint !== unknownValue && !/^(https|remote):/i.test(endpoint);
  for (const name of ["certificate", "key", "token"])
    if (inputs[name] !== undefined && (endpoint === undefined || isLocal))
      add(name, "is for a server that is reached by https: name that as the endpoint");
  return failures;
}

/** Names of the inputs that changed. */
export const changedInputs = (olds: Props, news: Props): string[] =>
  Object.keys(ProviderInputs.shape).filter((name) => olds[name] !== news[name]);

/** Reads checked inputs. */
export function defaultsOf(props: Props): Defaults {
  const { certificate, key, ...rest } = ProviderInputs.parse(ownOf(props));
  return { ...rest, ...(certificate !== undefined && key !== undefined ? { identity: { certificate, key } } : {}) };
}
