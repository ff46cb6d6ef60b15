/** Program: a compose file as a program of Pulumi in TypeScript. */
import { UsageError } from "../command";
import type { ComposeFile, Network } from "./file";
import { commentOf, containerOf } from "./service";
import { Code, Names, source, type Value, type Values } from "./source";

export interface Program {
  readonly text: string;
  /** How many things of the file the program's comments speak of. */
  readonly notes: number;
}

const declaration = (constant: string, type: string, name: string, inputs: Values, options?: Values): string => {
  const more = options === undefined ? "" : `, ${source(options)}`;
  return `const ${constant} = new bothy.${type}(${JSON.stringify(name)}, ${source(inputs, "", 20)}${more});\n`;
};

/** The first address of a subnet is the network's own, unless the file has another one. */
function addressOf({ subnet, gateway }: { subnet?: string; gateway?: string }): Values {
  const [base = "", length] = subnet?.split("/") ?? [];
  if (length === undefined) return {};
  const isIpv6 = base.includes(":");
  const first = isIpv6 ? base.replace(/::$/, "::1") : base.replace(/\d+$/, (last) => String(Number(last) + 1));
  return { [isIpv6 ? "ipv6.address" : "ipv4.address"]: `${gateway ?? first}/${length}` };
}

function networkNotes({ driver, ...rest }: Network): string[] {
  const known = ["name", "external", "ipam"];
  return [
    ...(driver === undefined || driver === "bridge" ? [] : [`driver ${driver}: it is a bridge here`]),
    ...Object.keys(rest)
      .filter((key) => !known.includes(key) && !key.startsWith("x-"))
      .map((key) => `${key}: left out${key === "internal" ? "; see security.egress.allow and NetworkAcl" : ""}`),
  ];
}

/** Services in an order in which each comes after those that it depends on. @throws UsageError for a circle */
function ordered(services: ComposeFile["services"]): string[] {
  const done: string[] = [];
  const visit = (name: string, way: readonly string[]): void => {
    if (done.includes(name)) return;
    if (way.includes(name))
      throw new UsageError(
        `Cannot import: the services ${[...way, name].join(", ")} depend on each other in a circle.`,
      );
    const service = services[name];
    if (service === undefined)
      throw new UsageError(`Cannot import: "${way.at(-1)}" depends on the service "${name}", which is not there.`);
    for (const [other] of service.depends_on ?? []) visit(other, [...way, name]);
    done.push(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
  return done;
}

/** @param file how the file is called, for the first comment @throws UsageError for what cannot be read */
export function programOf(compose: ComposeFile, file: string): Program {
  const names = new Names();
  const blocks: string[] = [];
  let notes = 0;
  const add = (lines: readonly string[], text: string) => {
    notes += lines.length;
    blocks.push(commentOf(lines) + text);
  };
  const { services } = compose;
  const top = Object.keys(compose).filter(
    (key) => !["name", "version", "services", "networks", "volumes"].includes(key) && !key.startsWith("x-"),
  );
  const networks = new Map<string, Value>();
  const usesDefault = Object.values(services).some((one) => one.networks === undefined && one.network_mode !== "none");
  const all = usesDefault ? { default: {}, ...compose.networks } : compose.networks;
  for (const [name, network] of Object.entries(all) as [string, Network][]) {
    if (network.external === true) {
      networks.set(name, network.name ?? name);
      continue;
    }
    const constant = names.give(name, "Network");
    networks.set(name, new Code(constant));
    const config = Object.assign({}, ...(network.ipam?.config ?? []).map(addressOf)) as Values;
    const inputs = { name: network.name, config: Object.keys(config).length > 0 ? config : undefined };
    add(networkNotes(network), declaration(constant, "Network", name, inputs));
  }
  const volumes = new Map<string, Value>();
  for (const [name, { name: own, external, ...rest }] of Object.entries(compose.volumes)) {
    if (external === true) {
      volumes.set(name, own ?? name);
      continue;
    }
    const constant = names.give(name, "Volume");
    volumes.set(name, new Code(constant));
    const lines = Object.keys(rest).map((key) => `${key}: left out; a volume is one of the pool`);
    add(lines, declaration(constant, "StorageVolume", name, { name: own, pool: "default" }));
  }
  const constants = new Map<string, string>();
  const hosts = new Set<string>();
  for (const name of ordered(services)) {
    const { inputs, notes: lines } = containerOf(name, services[name]!, { networks, volumes });
    const host = String(inputs.name);
    if (hosts.has(host) || host === "")
      throw new UsageError(
        `Cannot import the service "${name}": give it a container_name of letters, digits and dashes that no other has.`,
      );
    hosts.add(host);
    const constant = names.give(name, "Container");
    constants.set(name, constant);
    const waited = services[name]!.depends_on?.map(([other]) => new Code(constants.get(other)!));
    const renamed =
      host === name || services[name]!.container_name !== undefined
        ? []
        : [`It is called "${host}": names of hosts have no other signs.`];
    add([...renamed, ...lines], declaration(constant, "Container", name, inputs, waited && { dependsOn: waited }));
  }
  const body = blocks.join("\n");
  const head = [
    commentOf([
      `Made of ${file} by bothy import-compose.`,
      ...top.map((key) => `${key}: left out; have it resolved by docker compose config first`),
    ]).trimEnd(),
    ...(/\bresolve\(/.test(body) ? ['import { resolve } from "node:path";'] : []),
    'import * as bothy from "bothy";',
    ...(/\bfail\(/.test(body)
      ? ["", "const fail = (reason: string): never => {", "  throw new Error(reason);", "};"]
      : []),
  ];
  return { text: `${head.join("\n")}\n\n${body}`, notes: notes + top.length };
}
