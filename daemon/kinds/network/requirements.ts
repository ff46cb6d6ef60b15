/** The host probe for networks: what programs and kernel parts a bridge needs. */
import { findProgram } from "../../../sdk/host/program";
import { run } from "../../platform/processes/run";
import { openPort, portRulesetOf } from "./port-rules";

/** Programs, and the Debian packages that bring them. */
const programs = { ip: "iproute2", nft: "nftables", dnsmasq: "dnsmasq-base" } as const;

interface KernelPart {
  readonly missing: string;
  readonly command: readonly string[];
  readonly input?: string;
}

/** With the rules of both families. */
const probed = { "ipv4.address": "10.0.0.1/24", "ipv6.address": "fd42::1/64" };

/** Each is tried in a network namespace that ends with the question. */
const kernelParts: readonly KernelPart[] = [
  {
    missing: "bridges in the kernel, or the right to make them",
    command: ["ip", "link", "add", "dev", "probe", "type", "bridge"],
  },
  {
    missing: "nftables with masquerading in the kernel",
    command: ["nft", "-f", "-"],
    input: "table inet probe {\n chain c {\n type nat hook postrouting priority srcnat;\n masquerade\n }\n}\n",
  },
  {
    missing: "nftables' bridge family with dynamic sets and limits in the kernel",
    command: ["nft", "-f", "-"],
    input:
      portRulesetOf("probe", probed) +
      openPort("probe", probed, { instance: "", hostName: "probe", hwaddr: "02:00:00:00:00:01" }),
  },
];

/** Looks along the PATH only. @returns what is not installed, in words, or nothing */
export async function missingPrograms(): Promise<string | undefined> {
  const absent = Object.entries(programs).filter(([name]) => findProgram(name) === undefined);
  return lacks(absent.map(([name, origin]) => `the program ${name} (package ${origin})`));
}

/** @returns what this host lacks for bridge networks, in words, or nothing when it lacks nothing */
export async function missingForBridges(): Promise<string | undefined> {
  const missing = await missingPrograms();
  if (missing !== undefined) return missing;
  const answers = await Promise.all(kernelParts.map(isInKernel));
  return lacks(kernelParts.filter((_, index) => !answers[index]).map((part) => part.missing));
}

const lacks = (missing: readonly string[]): string | undefined =>
  missing.length === 0 ? undefined : `this host lacks ${missing.join(", ")}`;

async function isInKernel({ command, input }: KernelPart): Promise<boolean> {
  try {
    await run("unshare", ["--net", ...command], { input });
    return true;
  } catch {
    // Whatever the reason, the answer is no; the caller names the part.
    return false;
  }
}
