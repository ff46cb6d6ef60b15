/** Server lifecycles: what the server's own configuration and those that it trusts go through. */
import { makeIdentity } from "../../support/https";
import { found, type Lifecycle, lastOf } from "./lifecycle";

/** @param address where the server listens on the network, or shall; it gives tokens only then @param hasPassword whether clients may be trusted by one; Incus has none */
export function serverLifecycles(address: string, { hasPassword = true } = {}): Lifecycle[] {
  const [first, second] = [makeIdentity("first"), makeIdentity("second")];
  return [
    {
      kind: "server-config",
      missingId: null,
      inputs: () => ({ config: { "core.https_address": address, "core.shutdown_timeout": 7, "user.note": "a" } }),
      update: {
        // LXD does not tell of what is the default.
        config: {
          "core.https_address": address,
          "core.shutdown_timeout": 5,
          ...(hasPassword && { "core.trust_password": "correct-horse" }),
        },
      },
      replacing: [],
      drift: (client) => client.patchServer({ config: { "user.note": "by hand" } }),
      remove: (client) =>
        client.patchServer({
          config: { "core.https_address": "", "core.shutdown_timeout": "", "user.note": "" },
        }),
      isThere: async (client) => (await client.getServer()).value.config["user.note"] !== undefined,
      output: "config",
      refused: {
        inputs: () => ({ config: { "user.note": "another" } }),
        error: /Cannot create server config "server": config\["user\.note"\]: .*somebody else/,
      },
    },
    {
      kind: "certificate",
      missingId: "0".repeat(64),
      prepare: async (client) => {
        await client.createProject({ name: "trusted" });
        return () => client.deleteProject("trusted");
      },
      inputs: () => ({ name: "one", certificate: first.cert.replaceAll("\n", "\r\n") }),
      update: { name: "two", restricted: true, projects: ["trusted"] },
      replace: () => ({ certificate: second.cert }),
      replacing: ["certificate"],
      drift: async (client, id) => {
        const { certificate } = (await client.getCertificate(id)).value;
        await client.updateCertificate(id, { name: "by hand", restricted: true, certificate });
      },
      remove: (client, id) => client.deleteCertificate(id),
      isThere: (client, id) => found(client.getCertificate(id)),
      output: "fingerprint",
      refused: {
        inputs: () => ({ name: "other", certificate: first.cert }),
        error: /Cannot create certificate "other": certificate: Certificate already in trust store\. Delete it/,
      },
    },
    {
      kind: "trust-token",
      missingId: "8f8b2f7e-0d3a-4d8b-8d5f-3d2f0b7a9c11",
      prepare: async (client) => {
        await client.patchServer({ config: { "core.https_address": address } });
        return () => client.patchServer({ config: { "core.https_address": "" } });
      },
      inputs: () => ({ name: "guest", trigger: "always" }),
      update: { trigger: "once" },
      replace: () => ({ name: "guest2", restricted: true }),
      replacing: ["name"],
      remove: (client, id) => client.cancelOperation(lastOf(id)),
      isThere: (client, id) => found(client.getCertificateToken(id)),
      output: "token",
    },
  ];
}
