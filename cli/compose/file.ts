/** Compose file: what of https://docs.docker.com/reference/compose-file/ is read here. Unknown keys are kept, to be told of. */
import { parseDocument } from "yaml";
import * as z from "zod";
import { UsageError } from "../command";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const text = scalar.transform(String);
const named = <T extends z.ZodType>(type: T) => z.record(z.string(), type);
/** Lists of KEY=VALUE and maps say the same; null is a value of the environment of who runs compose. */
const pairs = z.union([
  z.array(text).transform((lines) =>
    lines.map((line): [string, string | null] => {
      const at = line.indexOf("=");
      return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
    }),
  ),
  named(text.nullable()).transform((map) => Object.entries(map)),
]);
const command = z.union([z.string(), z.array(text)]).nullable();

const Port = z.union([
  text,
  z.looseObject({
    target: z.coerce.number().int(),
    published: text.optional(),
    host_ip: z.string().optional(),
    protocol: z.string().optional(),
  }),
]);
const Mount = z.union([
  z.string(),
  z.looseObject({
    type: z.string(),
    source: z.string().optional(),
    target: z.string(),
    read_only: z.boolean().optional(),
  }),
]);
const Joined = z.looseObject({
  ipv4_address: z.string().optional(),
  ipv6_address: z.string().optional(),
  mac_address: z.string().optional(),
});
/** How a service is in a network. */
export type Joined = z.output<typeof Joined>;
const plainly = (name: string): readonly [string, Joined] => [name, {}];

export const Service = z.looseObject({
  image: z.string().optional(),
  build: z.union([z.string(), z.looseObject({ context: z.string().optional() })]).optional(),
  container_name: z.string().optional(),
  command: command.optional(),
  entrypoint: command.optional(),
  environment: pairs.optional(),
  ports: z.array(Port).optional(),
  volumes: z.array(Mount).optional(),
  tmpfs: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  networks: z
    .union([
      z.array(z.string()).transform((names) => names.map(plainly)),
      named(Joined.nullable()).transform((map) =>
        Object.entries(map).map(([name, how]): readonly [string, Joined] => [name, how ?? {}]),
      ),
    ])
    .optional(),
  network_mode: z.string().optional(),
  depends_on: z
    .union([
      z.array(z.string()).transform((names) => names.map((name) => [name, "service_started"] as const)),
      named(z.looseObject({ condition: z.string().optional() })).transform((map) =>
        Object.entries(map).map(([name, { condition }]) => [name, condition ?? "service_started"] as const),
      ),
    ])
    .optional(),
  healthcheck: z.looseObject({ test: command.optional(), disable: z.boolean().optional() }).optional(),
  restart: text.optional(),
  working_dir: z.string().optional(),
  user: text.optional(),
  privileged: z.boolean().optional(),
  read_only: z.boolean().optional(),
  mem_limit: text.optional(),
  cpus: text.optional(),
  pids_limit: text.optional(),
  sysctls: pairs.optional(),
});
export type Service = z.output<typeof Service>;

const Shared = z.looseObject({ name: z.string().optional(), external: z.boolean().optional() });
export const Network = Shared.extend({
  driver: z.string().optional(),
  ipam: z
    .looseObject({
      config: z.array(z.looseObject({ subnet: z.string().optional(), gateway: z.string().optional() })).optional(),
    })
    .optional(),
});
export type Network = z.output<typeof Network>;
export type Volume = z.output<typeof Shared>;

export const ComposeFile = z.looseObject({
  name: z.string().optional(),
  version: scalar.optional(),
  services: named(Service),
  networks: named(Network.nullable().transform((network) => network ?? {})).default({}),
  volumes: named(Shared.nullable().transform((volume) => volume ?? {})).default({}),
});
export type ComposeFile = z.output<typeof ComposeFile>;

/** @param file its name, for errors @throws UsageError that names line or key */
export function readCompose(content: string, file: string): ComposeFile {
  const document = parseDocument(content, { merge: true });
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new UsageError(`Cannot read "${file}": ${wrong.message}`);
  const { success, data, error } = ComposeFile.safeParse(document.toJS());
  if (success) return data;
  const { path: at = [], message } = error.issues[0] ?? { message: "" };
  throw new UsageError(`Cannot read "${file}": ${at.join(".") || "the file"}: ${message}.`);
}
