/** Value types of configuration keys. All values are text on the wire. */
import { isIP, isIPv4 } from "node:net";
import path from "node:path";
import { compressionForms, compressionWords } from "../compression";
import { isAddress6 } from "../ipv6";
import { didYouMean, nearest } from "./near";
import type { Check, ValueType } from "./table";

/** A type whose values are what stands there. */
export const text = (title: string, check: Check): ValueType<string> => ({ title, check, parse: (value) => value });

export const anyText = text("text", () => undefined);

/** Text that ends up in a line of a file or a command: no line break. */
export const oneLine = text("one line of text", (value) =>
  /[\r\n]/.test(value) ? "it must not contain a line break" : undefined,
);

/** How what is made is packed, as LXD writes it: a program of the host and its options. */
export const compression = text("algorithm, with options where it takes some", (value) =>
  compressionWords(value) === undefined ? `it must be ${compressionForms}` : undefined,
);

/** Where a proxy for HTTP listens. */
export const proxyAddress = text("address of a proxy", (value) => {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== ""
    ? undefined
    : "it must be the address of an HTTP proxy such as http://proxy.example:3128";
});

const listOf = (value: string): string[] =>
  value
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** A custom volume of the default project. */
export interface VolumePath {
  readonly pool: string;
  readonly name: string;
}

export const volumePath: ValueType<VolumePath> = {
  title: "storage pool and custom volume",
  check: (value) => (/^[^/]+\/[^/]+$/.test(value) ? undefined : "Invalid syntax for volume, must be <pool>/<volume>"),
  parse: (value) => {
    const [pool = "", name = ""] = value.split("/");
    return { pool, name };
  },
};

/** Addresses with commas between. */
/** Names with commas between them. */
export const nameList: ValueType<string[]> = { title: "list of names", check: () => undefined, parse: listOf };

/** A moment, as RFC 3339 has it. */
export const moment: ValueType<number> = {
  title: "time such as 2030-01-31T12:00:00Z",
  check: (value) =>
    isMoment.test(value) && !Number.isNaN(Date.parse(value))
      ? undefined
      : "must be a time such as 2030-01-31T12:00:00Z",
  parse: (value) => Date.parse(value),
};

/** With a zone: without one it would be that of whoever reads it. */
const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Paths with commas between them. LXD refuses an empty one among them too. */
export const pathList: ValueType<string[]> = {
  title: "list of absolute paths",
  check: (value) => {
    const wrong = value.split(",").find((one) => absolutePath.check(one.trim()) !== undefined);
    return wrong === undefined ? undefined : `"${wrong}" must be an absolute path`;
  },
  parse: listOf,
};

/** Words of ours with commas between them. */
export const wordList = <const Word extends string>(...known: Word[]): ValueType<Word[]> => ({
  title: `list of ${known.map((word) => `\`${word}\``).join(", ")}`,
  check: (value) => {
    const wrong = listOf(value).find((word) => !(known as string[]).includes(word));
    return wrong === undefined ? undefined : `"${wrong}" must be one of ${known.join(", ")}`;
  },
  parse: (value) => listOf(value).flatMap((word) => known.filter((one) => one === word)),
});

/** Names as in /proc/filesystems, with commas between them. */
export const fileSystemList: ValueType<string[]> = {
  title: "list of file systems",
  check: (value) =>
    listOf(value).length <= 16 && listOf(value).every((name) => /^[a-z0-9_]{1,16}$/.test(name))
      ? undefined
      : "it must be at most 16 names of file systems with commas between, such as ext4,xfs",
  parse: listOf,
};

export const addressList: ValueType<string[]> = {
  title: "list of IP addresses",
  check: (value) =>
    listOf(value).every((address) => isIP(address) !== 0)
      ? undefined
      : "it must be IP addresses with commas between, such as 10.0.0.7,fd00::7",
  parse: listOf,
};

/** LXD's names of those that have images. */
const architectures = ["x86_64", "i686", "aarch64", "armv8l", "armv7l", "armv6l", "ppc64le", "s390x", "riscv64"];

/** Name of an architecture. */
export const architecture = text("name of an architecture", (value) =>
  architectures.includes(value) ? undefined : `it must be one of ${architectures.join(", ")}`,
);

export const absolutePath = text("absolute path", (value) =>
  path.isAbsolute(value) ? oneLine.check(value) : "it must be an absolute path",
);

/** Permissions of a file, as chmod(1) takes them; LXD wants them octal. */
export const octalMode: ValueType<number> = {
  title: "permissions in octal digits",
  check: (value) => (/^0?[0-7]{1,4}$/.test(value) ? undefined : "it must be permissions in octal digits, such as 0660"),
  parse: (value) => Number.parseInt(value, 8),
};

export const ipv6 = text("IPv6 address", (value) => (isAddress6(value) ? undefined : "it must be an IPv6 address"));

export const ipv4 = text("IPv4 address", (value) => (isIPv4(value) ? undefined : "it must be an IPv4 address"));

const boolWords = ["true", "false", "yes", "no", "on", "off"];

export const bool: ValueType<boolean> = {
  title: "true or false",
  check: (value) =>
    /^[01]$/.test(value) || boolWords.includes(value.toLowerCase())
      ? undefined
      : `it must be true or false${hinted(didYouMean(value, boolWords))}`,
  parse: (value) => (isTrue(value) ? true : isFalse(value) ? false : undefined),
};

/** @returns whether a valid boolean text means yes; unset means no */
export const isTrue = (value: string | undefined): boolean => /^(true|1|yes|on)$/i.test(value ?? "");

const isFalse = (value: string | undefined): boolean => /^(false|0|no|off)$/i.test(value ?? "");

/** Of one interface: the lowest bit of the first byte marks groups, and the kernel takes none of zeros alone. */
export const hwaddr = text("hardware address", (value) =>
  /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(value) && /[1-9a-f]/i.test(value)
    ? undefined
    : "it must be the hardware address of one interface such as 00:16:3e:01:02:03",
);

/** Digits with or without a sign, as Go reads them. */
const wholeNumber = /^[+-]?0*\d{1,20}$/;

const wholeNumberOf = (text: string): bigint | undefined =>
  wholeNumber.test(text) ? BigInt(text.replace("+", "")) : undefined;

/** @param title in place of one that names the bounds */
export const integer = (
  min: number | bigint,
  max: number | bigint,
  title = `whole number from ${min} to ${max}`,
): ValueType<number> => ({
  title,
  check: (value) => {
    const number = wholeNumberOf(value);
    return number !== undefined && number >= min && number <= max
      ? undefined
      : `it must be a whole number from ${min} to ${max}`;
  },
  parse: (value) => {
    const number = wholeNumberOf(value);
    return number === undefined ? undefined : Number(number);
  },
});

/** A user or group; ids end below the one that means "none" (credentials(7)). */
export const unixId = integer(0, 2 ** 32 - 2);

/** What Go's int64 holds. */
export const anyInteger = integer(-(2n ** 63n), 2n ** 63n - 1n, "whole number");

/** LXD's bounds: less carries no IPv6, more no Ethernet. */
export const mtu: ValueType<number> = {
  ...integer(1280, 16384),
  check: (value) => (value.startsWith("+") ? "it must be digits only" : integer(1280, 16384).check(value)),
};

/** A question after a reason that is not a whole sentence. */
const hinted = (question: string): string => (question === "" ? "" : `.${question}`);

/** A type of a few words. */
const words = <Word extends string>(known: readonly Word[], check: Check): ValueType<Word> => ({
  title: known.map((word) => `\`${word}\``).join(" or "),
  check,
  parse: (value) => known.find((word) => word === value),
});

export const oneOf = <const Word extends string>(...known: Word[]): ValueType<Word> =>
  words(known, (value) =>
    (known as string[]).includes(value)
      ? undefined
      : `it must be one of ${known.join(", ")}${hinted(didYouMean(value, known))}`,
  );

/** A word of ours. @param lxd words that LXD has in its place, which are named as such */
export const oneOfLxd = <const Word extends string>(lxd: readonly string[], ...known: Word[]): ValueType<Word> =>
  words(known, (value) =>
    !(known as string[]).includes(value) && lxd.includes(value)
      ? `it must be one of ${known.join(", ")}; LXD's "${value}" is not here yet`
      : oneOf(...known).check(value),
  );

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["PB", 1e15],
  ["EB", 1e18],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
  ["PiB", 2 ** 50],
  ["EiB", 2 ** 60],
]);

/** The kernel counts bytes in signed 64-bit numbers. */
const maxBytes = 2 ** 63;

/** Reads a size such as 512MiB or 1GB. @returns bytes, or undefined when it is none */
export function parseSize(value: string): number | undefined {
  const match = /^(\d+)([a-zA-Z]*)$/.exec(value);
  const unit = sizeUnits.get(match?.[2] ?? "");
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.floor(Number(match[1]) * unit);
  return bytes < maxBytes ? bytes : undefined;
}

/** Units in other letters are the most common slip. */
function sizeHint(value: string): string {
  const [, number = "", unit = ""] = /^\s*(\d+)\s*([a-zA-Z]+)\s*$/.exec(value) ?? [];
  const near = nearest(unit.length === 1 ? `${unit}B` : unit, [...sizeUnits.keys()]);
  const meant = unit.length === 1 && sizeUnits.has(`${unit}B`) ? `${unit}B` : near;
  return number === "" || meant === undefined || meant === "" ? "" : `. Did you mean "${number}${meant}"?`;
}

export const size: ValueType<number> = {
  title: "size in bytes, with a unit",
  check: (value) =>
    parseSize(value) === undefined ? `it must be a size such as 512MiB or 2GB${sizeHint(value)}` : undefined,
  parse: parseSize,
};

export type IoLimit = { readonly bytes: number } | { readonly operations: number };

/** How fast something may be read or written: in bytes or in operations a second. */
export const ioLimit: ValueType<IoLimit> = {
  title: "bytes a second, with a unit, or operations a second as in `100iops`",
  check: (value) =>
    parseIoLimit(value) === undefined
      ? `it must be bytes a second such as 10MB, or operations a second such as 100iops${sizeHint(value)}`
      : undefined,
  parse: parseIoLimit,
};

function parseIoLimit(value: string): IoLimit | undefined {
  const [, operations] = /^(\d{1,10})iops$/.exec(value) ?? [];
  if (operations !== undefined) return Number(operations) < 2 ** 32 ? { operations: Number(operations) } : undefined;
  const bytes = parseSize(value);
  return bytes === undefined ? undefined : { bytes };
}

const bitUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["bit", 1],
  ["kbit", 1e3],
  ["Mbit", 1e6],
  ["Gbit", 1e9],
  ["Tbit", 1e12],
  ["Kibit", 2 ** 10],
  ["Mibit", 2 ** 20],
  ["Gibit", 2 ** 30],
  ["Tibit", 2 ** 40],
]);

/** The kernel counts bytes a second in 64 bits; more than this no interface has. */
const maxBits = 2 ** 53;

/** How fast a nic may be, in bits a second; 0 is no bound. */
export const bitRate: ValueType<number> = {
  title: "bits a second, with a unit",
  check: (value) =>
    parseBitRate(value) === undefined
      ? `it must be bits a second such as 10Mbit${hinted(didYouMean(value.replace(/^\d*/, ""), [...bitUnits.keys()]))}`
      : undefined,
  parse: parseBitRate,
};

function parseBitRate(value: string): number | undefined {
  const [, number = "", word = ""] = /^(\d{1,16})([a-zA-Z]*)$/.exec(value) ?? [];
  const unit = bitUnits.get(word);
  if (number === "" || unit === undefined) return undefined;
  const bits = Number(number) * unit;
  return bits < maxBits ? bits : undefined;
}

export type MemorySize = { readonly bytes: number } | { readonly percent: number };

/** Of memory: some of it, a share that may exceed the whole. */
export const memorySize: ValueType<MemorySize> = {
  title: "size in bytes, with a unit, or a share in percent",
  check: (value) => {
    if (/^0*%?$/.test(value) || parseSize(value) === 0) return "it must not be 0";
    return /^\d{1,9}%$/.test(value)
      ? undefined
      : size.check(value) && `it must be a size such as 512MiB or a share such as 50%${sizeHint(value)}`;
  },
  parse: (value) => {
    if (/^\d{1,9}%$/.test(value)) return { percent: Number(value.slice(0, -1)) };
    const bytes = parseSize(value);
    return bytes === undefined ? undefined : { bytes };
  },
};

/** No kernel has more processors (CONFIG_NR_CPUS of x86). */
const maxCpu = 8192;
/** Nor more NUMA nodes (MAX_NUMNODES). */
const maxNode = 1024;

export type Cpus = { readonly count: number } | { readonly set: readonly number[] };

/** A processor count ("2"; 0 stands for all) or a set ("0-1,3"). What a host lacks is left out when an instance starts. */
export const cpus: ValueType<Cpus> = {
  title: "number of processors, or a set of them",
  check: (value) => {
    if (/^\d{1,9}$/.test(value)) return undefined;
    const ranges = value.split(",").map((range) => /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range));
    if (!/[-,]/.test(value) || ranges.some((range) => range === null || Number(range[2] ?? range[1]) >= maxCpu))
      return "it must be a number of processors such as 2, or a set such as 0-1,3";
    const wanted = parseCpuList(value);
    return new Set(wanted).size === wanted.length ? undefined : "it must not name a processor twice";
  },
  parse: (value) => (/^\d+$/.test(value) ? { count: Number(value) } : { set: parseCpuList(value) }),
};

/** @param list a checked set such as "0-2,5" @returns [0, 1, 2, 5] */
export const parseCpuList = (list: string): number[] =>
  list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  });

/** NUMA nodes, as ranges ("0-1,3"). What a host lacks is left out. */
export const nodes: ValueType<number[]> = {
  title: "set of NUMA nodes",
  check: (value) => {
    const ranges = value.split(",").map((range) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range));
    return ranges.some((range) => range === null || Number(range[2] ?? range[1]) >= maxNode)
      ? "it must be a set of NUMA nodes such as 0-1,3"
      : undefined;
  },
  parse: parseCpuList,
};

export type CpuAllowance = { readonly percent: number } | { readonly quotaMs: number; readonly periodMs: number };

/** Reads a share ("50%", of less than nothing or more than all too) or a time slice ("25ms/100ms", the unit may be missing). */
export function parseCpuAllowance(value: string): CpuAllowance | undefined {
  const [, percent] = /^([+-]?\d{1,9})%$/.exec(value) ?? [];
  if (percent !== undefined) return { percent: Number(percent) };
  const [, quota, period] = /^([+-]?\d{1,9})(?:ms)?\/(\d{1,9})(?:ms)?$/.exec(value) ?? [];
  if (quota === undefined || Number(quota) === 0 || Number(period) === 0) return undefined;
  return { quotaMs: Number(quota), periodMs: Number(period) };
}

export const cpuAllowance: ValueType<CpuAllowance> = {
  title: "share in percent, or a time slice",
  check: (value) =>
    parseCpuAllowance(value) === undefined
      ? "it must be a share such as 50% or a time slice such as 25ms/100ms"
      : undefined,
  parse: parseCpuAllowance,
};

/** How long after: counts with a unit each, S, M and H below a day, d, w, m and y above, each unit once ("1w 2H"). */
export const expiry = text("counts with units", (value) => {
  const parts = value.trim().split(" ");
  const units = parts.map((part) => /^\d+([SMHdwmy])$/.exec(part)?.[1]);
  return units.includes(undefined) || new Set(units).size < units.length
    ? "it must be counts with units such as 1H, 3d or 1w 2d (S, M, H, d, w, m, y), each unit once"
    : undefined;
});
