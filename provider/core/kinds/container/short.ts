/** Short: turns a container's short inputs into configuration and devices, which all else is about. */
import { propertyPath } from "../../engine/check";
import type { CheckFailure } from "../../engine/core";
import { isSecretAt, secretsProperty } from "../../engine/secrets";
import { isMap, type Props, unknownValue } from "../../engine/values";
import { shortInputs } from "./short-inputs";

export const shortNames: readonly string[] = Object.keys(shortInputs);

type Path = readonly (string | number)[];

/** A key or a device that short inputs say. @property from where they say it */
interface Made<T> {
  readonly name: string;
  readonly value: T;
  readonly from: Path;
}

const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

const limitKeys: Readonly<Record<string, string>> = {
  memory: "limits.memory",
  swap: "limits.memory.swap",
  cpus: "limits.cpu",
  cpuAllowance: "limits.cpu.allowance",
  processes: "limits.processes",
};

const cloudInitKeys: Readonly<Record<string, string>> = {
  userData: "cloud-init.user-data",
  vendorData: "cloud-init.vendor-data",
  networkConfig: "cloud-init.network-config",
};

const policyKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  no: { "boot.autostart": "false" },
  always: { "boot.autostart": "true", "boot.autorestart": "true" },
  // Without boot.autostart a container runs again when it ran before.
  "unless-stopped": { "boot.autorestart": "true" },
};

function keysOf(inputs: Props): Made<unknown>[] {
  const ofMap = (property: string, keys: Readonly<Record<string, string>>): Made<unknown>[] =>
    Object.entries(isMap(inputs[property]) ? inputs[property] : {}).flatMap(([word, value]) =>
      keys[word] === undefined ? [] : [{ name: keys[word], value: asText(value), from: [property, word] }],
    );
  const policy = policyKeys[String(inputs.restartPolicy)] ?? {};
  return [
    ...ofMap("limits", limitKeys),
    ...ofMap("cloudInit", cloudInitKeys),
    ...Object.entries(policy).map(([name, value]) => ({ name, value, from: ["restartPolicy"] })),
  ];
}

/** Options of a device, without those that are not given. */
const optionsOf = (options: Props): Props =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, asText(value)]])),
  );

/** `/srv/data` becomes `disk-srv-data`. */
const nameAt = (prefix: string, path: unknown, at: number): string =>
  typeof path !== "string" || path === unknownValue
    ? `${prefix}-${at}`
    : path === "/"
      ? "root"
      : `${prefix}${path.replace(/[^a-zA-Z0-9]+/g, "-").replace(/-$/, "")}`;

const host = (address: unknown): string =>
  address === undefined ? "0.0.0.0" : String(address).includes(":") ? `[${address}]` : String(address);

/** An address with something unknown in it is unknown. */
const joined = (...parts: readonly unknown[]): string =>
  parts.some((part) => String(part).includes(unknownValue)) ? unknownValue : parts.join(":");

const makers: Readonly<Record<string, (item: Props, at: number) => readonly [name: string, options: Props]>> = {
  nics: ({ network, parent, nictype, name, ipv4Address, ipv6Address, macAddress }, at) => {
    const known = typeof name === "string" && name !== unknownValue ? name : `eth${at}`;
    const addresses = { "ipv4.address": ipv4Address, "ipv6.address": ipv6Address, hwaddr: macAddress };
    return [known, { type: "nic", network, parent, nictype, name: name ?? known, ...addresses }];
  },
  disks: ({ path, pool, volume, size, readonly }, at) => [
    nameAt("disk", path, at),
    // Whether it needs a volume is not known before its path.
    { type: "disk", path, pool, source: volume ?? (path === unknownValue ? unknownValue : undefined), size, readonly },
  ],
  mounts: ({ source, path, readonly, shift }, at) => [
    nameAt("mount", path, at),
    { type: "disk", source, path, readonly, shift },
  ],
  ports: ({ host: hostPort, container, protocol = "tcp", hostAddress }, at) => [
    [hostPort, protocol].includes(unknownValue) ? `port-${at}` : `port-${protocol}-${hostPort}`,
    {
      type: "proxy",
      listen: joined(protocol, host(hostAddress), hostPort),
      connect: joined(protocol, "127.0.0.1", container),
    },
  ],
};

function devicesOf(inputs: Props): Made<Props>[] {
  return Object.entries(makers).flatMap(([property, make]) => {
    const items: readonly unknown[] = Array.isArray(inputs[property]) ? inputs[property] : [];
    return items.flatMap((item, at) => {
      if (!isMap(item)) return [];
      const [name, options] = make(item, at);
      return [{ name, value: optionsOf(options), from: [property, at] }];
    });
  });
}

const mapOf = (value: unknown): Props => (isMap(value) ? value : {});

/** What of the short inputs is said once more, by the raw maps or by each other. */
function saidTwice(inputs: Props, keys: readonly Made<unknown>[], devices: readonly Made<Props>[]): CheckFailure[] {
  const [config, own] = [mapOf(inputs.config), mapOf(inputs.devices)];
  const twice = ({ from }: Made<unknown>, where: Path) => ({
    property: propertyPath(from),
    reason: `cannot be combined with ${propertyPath(where)}, which says it too; leave one of them out`,
  });
  const placeOf = (device: unknown) => (isMap(device) && device.type === "disk" ? device.path : undefined);
  const earlier = (at: number) => devices.slice(0, at);
  return [
    ...keys.filter(({ name }) => config[name] !== undefined).map((one) => twice(one, ["config", one.name])),
    ...devices.flatMap((one, at) => {
      const place = placeOf(one.value);
      const isAlike = (name: string, device: unknown) =>
        name === one.name || (place !== undefined && place !== unknownValue && placeOf(device) === place);
      const raw = Object.entries(own).find(([name, device]) => isAlike(name, device));
      if (raw !== undefined) return [twice(one, ["devices", raw[0]])];
      const other = earlier(at).find(({ name, value }) => isAlike(name, value));
      return other === undefined ? [] : [twice(one, other.from)];
    }),
  ];
}

/** What is secret where it was said is secret where it is put. */
function withSecrets(inputs: Props, keys: readonly Made<unknown>[], devices: readonly Made<Props>[]): Props {
  const isSecret = ({ from }: Made<unknown>) => isSecretAt(inputs, ...from.map(String));
  const places = [
    ...keys.filter(isSecret).map(({ name }) => ["config", name]),
    ...devices.filter(isSecret).map(({ name }) => ["devices", name]),
  ];
  const known = Array.isArray(inputs[secretsProperty]) ? inputs[secretsProperty] : [];
  return places.length === 0 ? inputs : { ...inputs, [secretsProperty]: [...known, ...places] };
}

export interface Short {
  readonly inputs: Props;
  /** What is said twice. */
  readonly failures: CheckFailure[];
  /** Names what the program wrote in the place of what was made of it. */
  readonly named: (failure: CheckFailure) => CheckFailure;
}

/**
 * Puts what the short inputs say into `config` and `devices`, beside which they stay.
 * @param inputs not checked yet, with unknowns
 */
export function withShort(inputs: Props): Short {
  if (shortNames.every((name) => inputs[name] === undefined)) return { inputs, failures: [], named: (one) => one };
  const [keys, devices] = [keysOf(inputs), devicesOf(inputs)];
  const over = (property: "config" | "devices", made: readonly Made<unknown>[]): unknown => {
    const raw = inputs[property] ?? {};
    // What has another shape is told by the check of shapes.
    return isMap(raw) ? { ...Object.fromEntries(made.map(({ name, value }) => [name, value])), ...raw } : raw;
  };
  const whole = { ...inputs, config: over("config", keys), devices: over("devices", devices) };
  const made = [
    ...keys.map(({ name, from }) => ({ place: propertyPath(["config", name]), from })),
    ...devices.map(({ name, from }) => ({ place: propertyPath(["devices", name]), from })),
  ];
  const named = (failure: CheckFailure): CheckFailure => {
    const source = made.find(({ place }) => failure.property === place || failure.property.startsWith(`${place}.`));
    return source === undefined ? failure : { ...failure, property: propertyPath(source.from) };
  };
  return { inputs: withSecrets(whole, keys, devices), failures: saidTwice(inputs, keys, devices), named };
}
