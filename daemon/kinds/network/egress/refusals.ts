/** Refusals: what the lists of a network have kept from its guests. Packets stand in the kernel's log, names in the memory of this daemon. */
import { hasUsersIds } from "../../../../sdk/host/own-ids";
import { type KernelLine, kernelLines, packetOf } from "../../../platform/host/kernel-log";

/** Of each network, the last ones. */
const mostNames = 1000;

export interface RefusedName {
  readonly timeMs: number;
  /** Hardware address of the nic, where it has a list of its own. */
  readonly hwaddr: string | undefined;
  /** Address of who asked. */
  readonly from: string;
  readonly name: string;
  /** Of DNS, as a number. */
  readonly type: number;
  readonly reason: string;
}

export class RefusedNames {
  readonly #names: RefusedName[] = [];

  note(refused: RefusedName): void {
    this.#names.push(refused);
    if (this.#names.length > mostNames) this.#names.shift();
  }

  list(): readonly RefusedName[] {
    return this.#names;
  }
}

/** One line of the log. */
export interface RefusalEntry {
  readonly time: string;
  /** Name of the instance; "" where it cannot be told. */
  readonly instance: string;
  readonly action: "reject" | "nxdomain";
  readonly [key: string]: string;
}

const typeNames: Readonly<Record<number, string>> = {
  1: "A",
  12: "PTR",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  64: "SVCB",
  65: "HTTPS",
};

/**
 * @param instanceOf name of the instance whose nic has a hardware address
 * @returns entries of a network, oldest first @throws Error of the system where the kernel's log cannot be read
 */
export function refusalLog(
  bridge: string,
  names: readonly RefusedName[],
  instanceOf: (hwaddr: string) => string | undefined,
): RefusalEntry[] {
  const prefix = new RegExp(`^${bridge.replace(/[.+]/g, "\\$&")}/security\\.egress(/[^/ ]+)? IN=`);
  // A user has no log of the kernel's, and the rules of a user's network write none.
  const packets = (hasUsersIds ? [] : kernelLines(prefix)).map((line) => ({
    timeMs: line.time.getTime(),
    entry: packetEntry(line, instanceOf),
  }));
  const asked = names.map((one) => ({ timeMs: one.timeMs, entry: nameEntry(one, instanceOf) }));
  return [...packets, ...asked].sort((a, b) => a.timeMs - b.timeMs).map(({ entry }) => entry);
}

function packetEntry({ time, text }: KernelLine, instanceOf: (hwaddr: string) => string | undefined): RefusalEntry {
  // Destination, source and protocol of the frame.
  const [, hwaddr = ""] = / MAC=(?:[0-9a-f]{2}:){6}((?:[0-9a-f]{2}:){5}[0-9a-f]{2}):/.exec(text) ?? [];
  return {
    time: time.toISOString(),
    instance: instanceOf(hwaddr) ?? "",
    ...packetOf(text),
    action: "reject",
  };
}

const nameEntry = (
  { timeMs, hwaddr, from, name, type, reason }: RefusedName,
  instanceOf: (hwaddr: string) => string | undefined,
): RefusalEntry => ({
  time: new Date(timeMs).toISOString(),
  instance: (hwaddr && instanceOf(hwaddr)) ?? "",
  src: from,
  name,
  type: typeNames[type] ?? `TYPE${type}`,
  reason,
  action: "nxdomain",
});
