/** Programs of the benchmark of the provider: a hundred containers with networks and volumes, by either door, and as many resources that do nothing. */
export const doors = ["dynamic", "plugin", "trivial"] as const;
export type Door = (typeof doors)[number];

export interface Size {
  readonly containers: number;
  /** Containers are spread over them. */
  readonly networks: number;
  /** Each is in a container of its own. */
  readonly volumes: number;
}

export interface Place {
  readonly endpoint: string;
  readonly pool: string;
}

/** All resources of a program. */
export const resourceCount = ({ containers, networks, volumes }: Size): number => containers + networks + volumes + 1;

/** @param note what the profile of all containers says, to be changed by an update */
export const programOf = (door: Door, size: Size, place: Place, note: string): string =>
  door === "trivial" ? trivial(size, note) : real(door, size, place, note);

/** Resources of a provider that answers at once: what the engine and its host of dynamic providers take for themselves. */
const trivial = (size: Size, note: string): string => `
const provider = {
  create: async (inputs) => ({ id: "some", outs: inputs }),
  read: async (id, props) => ({ id, props }),
  diff: async (id, olds, news) => ({ changes: olds.note !== news.note }),
  update: async (id, olds, news) => ({ outs: news }),
  delete: async () => undefined,
};
class Trivial extends pulumi.dynamic.Resource {
  constructor(name, inputs) {
    super(provider, name, inputs);
  }
}
for (let at = 0; at < ${resourceCount(size)}; at += 1)
  new Trivial("trivial" + at, { note: at === 0 ? ${JSON.stringify(note)} : "as ever" });
`;

const real = (door: Door, { containers, networks, volumes }: Size, { endpoint, pool }: Place, note: string): string => `
const kinds = ${door === "plugin" ? 'require("bothy/native")' : "bothy"};
const own = ${door === "plugin" ? `{ provider: new kinds.Provider("server", { endpoint: ${JSON.stringify(endpoint)} }) }` : "{}"};
const pool = ${JSON.stringify(pool)};
const base = new kinds.Profile("base", {
  config: { "user.note": ${JSON.stringify(note)} },
  devices: { root: { type: "disk", path: "/", pool } },
}, own);
const networks = Array.from({ length: ${networks} }, (_, at) =>
  new kinds.Network("net" + at, {
    name: "benchp" + at,
    config: { "ipv4.address": "10.93." + at + ".1/24", "ipv6.address": "none" },
  }, own));
const volumes = Array.from({ length: ${volumes} }, (_, at) =>
  new kinds.StorageVolume("data" + at, { pool, name: "data" + at }, own));
for (let at = 0; at < ${containers}; at += 1) {
  const eth0 = { type: "nic", name: "eth0", network: networks[at % networks.length] };
  const data = { type: "disk", pool, source: volumes[at], path: "/srv" };
  new kinds.Container("web" + at, {
    name: "web" + at,
    image: "small",
    profiles: [base],
    devices: at < volumes.length ? { eth0, data } : { eth0 },
    wait: { for: "nothing" },
  }, own);
}
`;
