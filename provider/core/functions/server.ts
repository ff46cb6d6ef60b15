/** Server: what a server says of itself. */
import * as z from "zod";
import { endpoint } from "../engine/inputs";
import { compact } from "../engine/values";
import type { CoreFunction } from "./function";

const told = z.object({
  name: z.string().meta({ description: "Name of the server." }),
  server: z.string().meta({ description: "Which program it is: `bothyd`, `lxd`, `incus`." }),
  version: z.string().meta({ description: "Its version." }),
  apiExtensions: z.array(z.string()).meta({ description: "What works there beyond the first API 1.0." }),
  architectures: z.array(z.string()).meta({ description: "Architectures of the instances that it can run." }),
  addresses: z.array(z.string()).meta({ description: "Where clients reach it over the network." }),
  certificateFingerprint: z
    .string()
    .optional()
    .meta({ description: "SHA-256 of its certificate, in hexadecimal digits." }),
  kernelVersion: z.string().meta({ description: "Version of its kernel." }),
  storageDrivers: z.array(z.string()).meta({ description: "Drivers of storage pools that it can have." }),
  isClustered: z.boolean().meta({ description: "Whether it is a member of a cluster." }),
});

export const getServer: CoreFunction = {
  name: "getServer",
  kind: "server",
  description: "What a server says of itself.",
  inputs: z.strictObject({ endpoint }),
  outputs: told,
  title: () => "of the endpoint",
  async run({ server: { api_extensions, environment } }) {
    return compact({
      name: environment.server_name,
      server: environment.server,
      version: environment.server_version,
      apiExtensions: api_extensions,
      architectures: environment.architectures,
      addresses: environment.addresses ?? [],
      certificateFingerprint: environment.certificate_fingerprint || undefined,
      kernelVersion: environment.kernel_version,
      storageDrivers: environment.storage_supported_drivers?.map(({ Name }) => Name) ?? [],
      isClustered: environment.server_clustered ?? false,
    });
  },
};
