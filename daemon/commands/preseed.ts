/** init --preseed: brings a daemon to what a text in LXD's form of YAML says, or leaves it as it was. */
import { parse } from "yaml";
import * as z from "zod";
import { badRequest } from "../../sdk/api/errors";
import { ask } from "./ask";

/** YAML has numbers and booleans where LXD has texts. */
const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Config = z
  .record(
    z.string(),
    Scalar.nullable().transform((value) => value ?? ""),
  )
  .nullish()
  .transform((config) => config ?? {});
const Described = {
  name: z.string(),
  description: z
    .string()
    .nullish()
    .transform((text) => text ?? undefined),
  config: Config,
};
const listOf = <T extends z.ZodType>(type: T) =>
  z
    .array(type)
    .nullish()
    .transform((list) => list ?? []);

const Preseed = z.strictObject({
  config: Config,
  networks: listOf(z.strictObject({ ...Described, type: z.string().nullish(), project: z.string().nullish() })),
  storage_pools: listOf(z.strictObject({ ...Described, driver: z.string() })),
  profiles: listOf(
    z.strictObject({
      ...Described,
      devices: z
        .record(z.string(), Config)
        .nullish()
        .transform((all) => all ?? {}),
    }),
  ),
  projects: listOf(z.strictObject(Described)),
  cluster: z.unknown().optional(),
});
export type Preseed = z.output<typeof Preseed>;

/** @throws ApiError BAD_REQUEST that names what does not fit */
export function parsePreseed(text: string): Preseed {
  let read: unknown;
  try {
    read = parse(text) ?? {};
  } catch (cause) {
    throw badRequest(`Cannot read the preseed: it is no YAML. ${(cause as Error).message}`, { cause });
  }
  const result = Preseed.safeParse(read);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw badRequest(`Cannot read the preseed: ${issue?.path.join(".") || "it"}: ${issue?.message}.`);
  }
  if (result.data.cluster !== undefined && result.data.cluster !== null)
    throw badRequest('Cannot apply the preseed: there is no cluster here. Leave out "cluster".');
  return result.data;
}

interface Wanted {
  readonly list: string;
  readonly name: string;
  readonly query?: string;
  /** What a new one is made of. */
  readonly post: Record<string, unknown>;
  /** What one that is there becomes. @throws ApiError when it cannot become that */
  readonly put: (have: Record<string, unknown>) => Record<string, unknown>;
}

/** In LXD's order: networks and pools before the profiles that name them, projects last. */
function wantedOf({ networks, storage_pools, profiles, projects }: Preseed): Wanted[] {
  const merged = (
    have: Record<string, unknown>,
    { description, config }: Pick<Preseed["projects"][number], "description" | "config">,
  ) => ({
    description: description ?? have.description,
    config: { ...(have.config as object), ...config },
  });
  return [
    ...networks.map(
      ({ project, ...network }): Wanted => ({
        list: "networks",
        name: network.name,
        ...(project ? { query: `?project=${encodeURIComponent(project)}` } : {}),
        post: { ...network, type: network.type ?? undefined },
        put: (have) => merged(have, network),
      }),
    ),
    ...storage_pools.map(
      (pool): Wanted => ({
        list: "storage-pools",
        name: pool.name,
        post: pool,
        put: (have) => {
          if (have.driver !== pool.driver)
            throw badRequest(
              `Storage pool "${pool.name}" is of driver "${String(have.driver)}" instead of "${pool.driver}"`,
            );
          // Where a pool lies is said when it is made.
          const { source: _, ...config } = pool.config;
          return merged(have, { ...pool, config });
        },
      }),
    ),
    ...profiles.map(
      (profile): Wanted => ({
        list: "profiles",
        name: profile.name,
        post: profile,
        put: (have) => ({ ...merged(have, profile), devices: { ...(have.devices as object), ...profile.devices } }),
      }),
    ),
    ...projects.map(
      (project): Wanted => ({
        list: "projects",
        name: project.name,
        post: project,
        put: (have) => merged(have, project),
      }),
    ),
  ];
}

/** Makes what is missing and changes what is there. @throws ApiError of the first thing that cannot be; all before it is undone */
export async function applyPreseed(socketPath: string, preseed: Preseed): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    if (Object.keys(preseed.config).length > 0) {
      const { config: before } = (await ask(socketPath, "GET", "/1.0")).metadata as { config: Record<string, unknown> };
      await ask(socketPath, "PATCH", "/1.0", { config: preseed.config });
      undo.push(() => ask(socketPath, "PUT", "/1.0", { config: texts(before) }));
    }
    for (const wanted of wantedOf(preseed)) await apply(socketPath, wanted, undo);
  } catch (error) {
    for (const step of undo.reverse())
      await step().catch((cause: unknown) =>
        process.stderr.write(`bothyd: Cannot undo a part of the preseed: ${(cause as Error).message}\n`),
      );
    throw error;
  }
}

/** A password is shown as `true`. */
const texts = (config: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));

async function apply(
  socketPath: string,
  { list, name, query = "", post, put }: Wanted,
  undo: (() => Promise<unknown>)[],
) {
  const one = `/1.0/${list}/${encodeURIComponent(name)}${query}`;
  const names = ((await ask(socketPath, "GET", `/1.0/${list}${query}`)).metadata as string[]).map(
    (url) => url.split("/").at(-1)?.split("?")[0],
  );
  if (!names.includes(encodeURIComponent(name))) {
    await ask(socketPath, "POST", `/1.0/${list}${query}`, post);
    undo.push(() => ask(socketPath, "DELETE", one));
    return;
  }
  const have = (await ask(socketPath, "GET", one)).metadata as Record<string, unknown>;
  await ask(socketPath, "PUT", one, put(have));
  undo.push(() => ask(socketPath, "PUT", one, have));
}
