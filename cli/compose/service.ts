/** Service: what a service of a compose file is as inputs of a Container, and what of it has no counterpart. */
import { UsageError } from "../command";
import type { Joined, Service } from "./file";
import { Code, type Value, type Values } from "./source";
import { filled, readLater } from "./variables";

/** What services refer to, as the program calls it. */
export interface Scope {
  readonly networks: ReadonlyMap<string, Value>;
  readonly volumes: ReadonlyMap<string, Value>;
}

export interface Made {
  readonly inputs: Values;
  /** Lines for people: what was left out, or has to be looked at. */
  readonly notes: readonly string[];
}

/** What says nothing that a container here would do otherwise. */
const without = new Set(["container_name", "depends_on", "expose", "hostname", "init", "stdin_open", "tty"]);
/** What has a hint of its own, besides that it was left out. */
const hints: Readonly<Record<string, string>> = {
  cap_add: "`security.privileged` or keys of docs/config.md may do",
  cap_drop: "containers here are confined without it",
  configs: "write the file by `files` or a File",
  deploy: "only `resources.limits` has a counterpart, which is `limits`",
  devices: "give them by `devices`, of the types unix-char, unix-block and gpu",
  dns: "the network's own DNS server is asked",
  env_file: "put its lines into `environment.*` of `config`",
  extends: "have it resolved by `docker compose config` first",
  extra_hosts: "a NetworkZoneRecord says names to all of a network",
  labels: "keys `user.*` of `config` keep any text",
  links: "containers of a network find each other by name",
  logging: "the console's log is kept by the daemon",
  platform: "the image for the server's architecture is taken",
  secrets: "write the file by `files` or a File, with a secret of Pulumi's",
  shm_size: 'add a disk with `source: "tmpfs:"` at /dev/shm',
  ulimits: "keys `limits.kernel.*` of `config` say it",
};

export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A text is split as a shell does, which the key does as well. */
const lineOf = (command: string | readonly string[] | null | undefined): string =>
  command == null
    ? ""
    : typeof command === "string"
      ? filled(command)
      : command.map((word) => quoted(filled(word))).join(" ");

/** Docker's sizes, of which `m` means MiB. */
export const sizeOf = (size: string): string =>
  size.replace(/^(\d+)\s*([kmgt])i?b?$/i, (_, count: string, unit: string) => `${count}${unit.toUpperCase()}iB`);

/** An image in words of docs/oci.md. @returns what has to be done before, too */
export function imageOf(name: string): { readonly image: string; readonly note?: string } {
  const [host = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(host) || host === "localhost");
  if (!isHost) return { image: `docker:${name.replace(/^library\//, "")}` };
  const inside = rest.join("/");
  if (/^(?:index\.|registry-1\.)?docker\.io$/.test(host))
    return { image: `docker:${inside.replace(/^library\//, "")}` };
  const remote = host.replace(/\W+/g, "-");
  return {
    image: `${remote}:${inside}`,
    note: `Once for this user: bothy remote add ${remote} https://${host} --protocol oci`,
  };
}

function origin(name: string, { image, build }: Service, note: (line: string) => void): Value {
  if (build === undefined) {
    if (image === undefined)
      throw new UsageError(`Cannot import the service "${name}": it has neither image nor build.`);
    const found = imageOf(filled(image));
    if (found.note !== undefined) note(found.note);
    return found.image;
  }
  const context = (typeof build === "string" ? build : build.context) ?? ".";
  note(
    `build: nothing builds images here. Before: docker build -t ${name} ${quoted(filled(context))} && docker save -o ${name}.tar ${name}`,
  );
  return new Code(`\`oci-archive:\${resolve(${JSON.stringify(`${name}.tar`)})}\``);
}

interface PortWords {
  readonly host?: string;
  readonly container: string;
  readonly address?: string;
  readonly protocol?: string;
}

function portWords(port: NonNullable<Service["ports"]>[number]): PortWords {
  if (typeof port !== "string")
    return { host: port.published, container: String(port.target), address: port.host_ip, protocol: port.protocol };
  const [, address, host, container = "", protocol] =
    /^(?:(?:(\[[^\]]*\]|[\d.]+):)?([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(filled(port)) ?? [];
  return { address: address?.replace(/^\[|\]$/g, ""), host, container, protocol };
}

const rangeOf = (text: string): number[] => {
  const [from = Number.NaN, to = from] = text.split("-").map(Number);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
};

function portsOf({ ports }: Service, note: (line: string) => void): Values[] | undefined {
  return ports?.flatMap((port): Values[] => {
    const { host = "", container, address, protocol } = portWords(port);
    const [outer, inner] = [rangeOf(host), rangeOf(container)];
    if (host === "" || inner.length === 0 || outer.length !== inner.length) {
      note(`ports ${JSON.stringify(port)}: name one port of the host for each; left out`);
      return [];
    }
    return inner.map((one, at) => ({
      host: outer[at],
      container: one,
      protocol: protocol === "udp" ? protocol : undefined,
      hostAddress: address,
    }));
  });
}

function storageOf({ volumes = [], tmpfs = [] }: Service, scope: Scope, note: (line: string) => void) {
  const mounts: Values[] = [];
  const disks: Values[] = [];
  const temporary = tmpfs.map((one) => filled(one).split(":")[0] ?? "");
  for (const volume of volumes) {
    const long = typeof volume === "string" ? undefined : volume;
    const [first = "", second, options = ""] = typeof volume === "string" ? filled(volume).split(":") : [];
    const from = long?.source ?? (second === undefined ? undefined : first);
    const target = long?.target ?? second ?? first;
    const readonly = (long?.read_only ?? options.split(",").includes("ro")) || undefined;
    const type = long?.type ?? (from !== undefined && /^[.~/]/.test(from) ? "bind" : "volume");
    if (type === "tmpfs") temporary.push(target);
    else if (type === "bind" && from?.startsWith("~") === false) {
      const host = from.startsWith("/") ? from : new Code(`resolve(${JSON.stringify(from)})`);
      mounts.push({ source: host, path: target, readonly, shift: true });
    } else if (from === undefined) note(`volumes ${target}: it is a folder of the container's own, and stays with it`);
    else if (scope.volumes.has(from))
      disks.push({ path: target, pool: "default", volume: scope.volumes.get(from), readonly });
    else note(`volumes ${JSON.stringify(volume)}: no such volume, and no form that is known here; left out`);
  }
  const devices = temporary.map((path) => [
    `tmpfs${path.replace(/\W+/g, "-")}`,
    { type: "disk", source: "tmpfs:", path },
  ]);
  return { mounts, disks, devices: Object.fromEntries(devices) as Values };
}

const inDefault: readonly (readonly [string, Joined])[] = [["default", {}]];

function nicsOf(service: Service, scope: Scope, note: (line: string) => void) {
  const mode = service.network_mode;
  if (mode === "none") return { devices: { eth0: { type: "none" } } };
  if (mode !== undefined) note(`network_mode ${mode}: each container has a network of its own; left out`);
  const joined = service.networks ?? inDefault;
  const nics = joined.map(([name, how]): Values => {
    const network = scope.networks.get(name);
    if (network === undefined)
      throw new UsageError(`Cannot import the network "${name}": "networks" of the file has none of that name.`);
    const { ipv4_address: ipv4Address, ipv6_address: ipv6Address, mac_address: macAddress, ...rest } = how;
    for (const key of Object.keys(rest)) note(`networks.${name}.${key}: no counterpart; left out`);
    return { network, ipv4Address, ipv6Address, macAddress };
  });
  return { nics };
}

function waitOf({ healthcheck }: Service): Value | undefined {
  const test = healthcheck?.disable === true ? undefined : healthcheck?.test;
  if (test == null) return undefined;
  const [kind = "", ...words] = typeof test === "string" ? ["CMD-SHELL", test] : test;
  if (kind === "NONE") return undefined;
  return {
    command:
      kind === "CMD" ? words.map((word) => filled(word)) : ["sh", "-c", words.map((word) => filled(word)).join(" ")],
  };
}

function limitsOf({ mem_limit: memory, cpus, pids_limit: pids, deploy }: Service, note: (line: string) => void) {
  const said = (deploy as { resources?: { limits?: Record<string, unknown> } } | undefined)?.resources?.limits ?? {};
  const [size, count, processes] = [memory ?? said.memory, cpus ?? said.cpus, pids ?? said.pids].map((value) =>
    value === undefined ? undefined : filled(String(value)),
  );
  const isWhole = count === undefined || /^\d+$/.test(count);
  // A share of one processor's time is a share of each tenth of a second.
  const cpuAllowance = isWhole ? undefined : `${Math.round(Number(count) * 100)}ms/100ms`;
  if (Number.isNaN(Number(count ?? 0))) note(`cpus ${count}: no number; left out`);
  const limits = {
    memory: size === undefined ? undefined : sizeOf(size),
    cpus: isWhole ? count : undefined,
    cpuAllowance,
    processes,
  };
  return Object.values(limits).some((value) => value !== undefined) ? limits : undefined;
}

function configOf(service: Service, note: (line: string) => void): Values {
  const config: Record<string, Value> = {};
  const [entrypoint, command] = [lineOf(service.entrypoint), lineOf(service.command)];
  const line = [entrypoint, command].filter((part) => part !== "").join(" ");
  if (line !== "") config["oci.entrypoint"] = line;
  if (command !== "" && entrypoint === "")
    note("command: if the image has an ENTRYPOINT, put that before it: oci.entrypoint is the whole command");
  for (const [name, value] of service.environment ?? [])
    config[`environment.${name}`] = value === null ? new Code(`process.env.${name} ?? ""`) : readLater(value);
  if (service.working_dir !== undefined) config["oci.cwd"] = filled(service.working_dir);
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(service.user ?? "") ?? [];
  if (uid !== undefined) config["oci.uid"] = uid;
  if (gid !== undefined) config["oci.gid"] = gid;
  if (service.user !== undefined && uid === undefined)
    note(`user ${service.user}: say it by numbers, as oci.uid and oci.gid; left out`);
  if (service.privileged === true) config["security.privileged"] = "true";
  for (const [name, value] of service.sysctls ?? []) config[`linux.sysctl.${name}`] = filled(value ?? "");
  return config;
}

const policies = ["no", "always", "unless-stopped"];
const read = new Set(
  "image build command entrypoint environment ports volumes tmpfs networks network_mode healthcheck restart working_dir user privileged mem_limit cpus pids_limit sysctls".split(
    " ",
  ),
);

/** @throws UsageError for what cannot be read */
export function containerOf(name: string, service: Service, scope: Scope): Made {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const image = origin(name, service, note);
  const { mounts, disks, devices } = storageOf(service, scope, note);
  const network = nicsOf(service, scope, note);
  const config = configOf(service, note);
  const { restart } = service;
  if (restart !== undefined && !policies.includes(restart))
    note(`restart ${restart}: "always" and "unless-stopped" ask for no exit code; left out`);
  for (const [other, condition] of service.depends_on ?? [])
    if (condition === "service_completed_successfully")
      note(`depends_on ${other}: its start is waited for, not its end; an Exec is what runs once`);
  for (const key of Object.keys(service))
    if (!read.has(key) && !without.has(key) && !key.startsWith("x-") && !(key === "deploy" && limitsOf(service, note)))
      note(`${key}: left out${hints[key] === undefined ? "" : `; ${hints[key]}`}`);
  const own = Object.keys(devices).length + (network.devices === undefined ? 0 : 1) > 0;
  return {
    notes,
    inputs: {
      name: hostName(service.container_name ?? name),
      image,
      limits: limitsOf(service, () => undefined),
      config: Object.keys(config).length > 0 ? config : undefined,
      nics: network.nics,
      disks: disks.length > 0 ? disks : undefined,
      mounts: mounts.length > 0 ? mounts : undefined,
      ports: portsOf(service, note),
      devices: own ? { ...devices, ...network.devices } : undefined,
      restartPolicy: policies.includes(restart ?? "") ? restart : undefined,
      wait: waitOf(service),
    },
  };
}

/** What a container may be called: letters, digits and dashes. */
export const hostName = (name: string): string => name.replace(/[^A-Za-z0-9-]+/g, "-").replace(/^[\d-]+|-+$/g, "");

/** A comment's lines. */
export const commentOf = (notes: readonly string[]): string => notes.map((line) => `// ${line}\n`).join("");
