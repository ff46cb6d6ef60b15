/** Ground: the project and the network of an environment, and the server that they are on. */
import { randomBytes } from "node:crypto";
import { ApiError, Client, type Config, endpointText, ensureDaemon, isLocalDefault } from "../sdk";
import { allOf } from "./all-of";
import type { EnvironmentOptions } from "./args";
import type { Ground } from "./builder";
import { expiryIn } from "./ttl";

/** What the daemon must have; LXD and Incus have neither. */
const extensions = ["bothy_expiry", "bothy_instance_wait", "projects_force_delete"];

/** @returns a client of the whole server, which is started where it is this host's own and does not run @throws ApiError */
export async function openServer({ endpoint }: EnvironmentOptions): Promise<Client> {
  const server = new Client({ endpoint });
  try {
    if (isLocalDefault(endpoint) && server.endpoint.kind === "unix")
      await ensureDaemon(
        server.endpoint.socketPath,
        () => server.getServer(),
        () => undefined,
      );
    const { value } = await server.getServer();
    const missing = extensions.filter((name) => !value.api_extensions.includes(name));
    if (missing.length === 0) return server;
    throw new ApiError(
      "NOT_IMPLEMENTED",
      `Cannot bring up an environment at ${endpointText(server.endpoint)}: the server has no ${missing.join(", ")}. Use a bothyd.`,
    );
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** @throws ApiError NOT_FOUND where nobody says which */
export async function poolOf(server: Client, { pool }: EnvironmentOptions): Promise<string> {
  if (pool !== undefined) return pool;
  const { value } = await server.getProfile("default");
  const root = Object.values(value.devices).find(({ type, path }) => type === "disk" && path === "/");
  if (root?.pool !== undefined) return root.pool;
  throw new ApiError(
    "NOT_FOUND",
    'Cannot bring up an environment: the profile "default" has no root disk that names a storage pool. Give the option "pool".',
  );
}

/** Names of bridges have 15 characters. */
export const newName = (): string => `env-${randomBytes(4).toString("hex")}`;

interface GroundArgs {
  readonly pool: string;
  readonly ttlMs: number;
  /** Configuration of the network beyond that of all. */
  readonly network?: Config;
  /** What is made in the project while its network is made. */
  readonly beside?: (client: Client) => Promise<void>;
}

/**
 * Makes project and network. The project is there first, with its time and the name of the network: whenever this process dies, the daemon finds
 * all that it has made.
 * @throws ApiError, and nothing is left then
 */
export async function layGround(server: Client, { pool, ttlMs, network, beside }: GroundArgs): Promise<Ground> {
  const name = newName();
  await server.createProject({
    name,
    description: "Environment of a test suite",
    // Images are shared: each suite would fetch its own again.
    config: { "features.images": "false", "expiry.at": expiryIn(ttlMs), "expiry.networks": name },
  });
  const client = new Client({ endpoint: server.endpoint, project: name });
  const ground = { client, project: name, network: name, pool };
  const search = `${name}.lxd`;
  const config = {
    "ipv6.address": "none",
    // The server knows a container of the project by its own name, the project's and the domain. Few clients of DHCP read the option for
    // searching, all of them that of the domain.
    "dns.search": search,
    "raw.dnsmasq": `dhcp-option-force=option:domain-name,${search}`,
    ...network,
  };
  const description = `Network of the environment ${name}`;
  try {
    await allOf([server.createNetwork({ name, type: "bridge", description, config }), beside?.(client) ?? none]);
    const subnet = network?.["ipv4.address"] ?? (await server.getNetwork(name)).value.config["ipv4.address"] ?? "";
    return { ...ground, subnet };
  } catch (error) {
    await clearGround(server, ground);
    throw error;
  }
}

const none = Promise.resolve();

/** Takes away project and network with all that is in them; what is gone already is no error. @throws ApiError */
export async function clearGround(server: Client, { client, project, network }: Omit<Ground, "subnet">): Promise<void> {
  try {
    const instances = await client.listInstances();
    // One after the other would take as many times as long; what is left is the project's to find.
    await Promise.allSettled(
      instances.map(async ({ name }) => (await client.deleteInstance(name, { force: true })).wait()),
    );
    for (const { name } of await client.listInstances())
      await (await client.deleteInstance(name, { force: true })).wait();
    await Promise.all([absentIsFine(server.deleteNetwork(network)), server.deleteProjectWithContent(project)]);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  } finally {
    await client.close();
  }
}

const isNotFound = (error: unknown): boolean => ApiError.is(error) && error.code === "NOT_FOUND";

async function absentIsFine(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
