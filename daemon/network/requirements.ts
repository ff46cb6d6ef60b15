/** The host probe for networks: what programs and kernel parts a bridge needs. */
import { run } from "../run";

interface Requirement {
  readonly missing: string;
  readonly command: readonly string[];
  readonly input?: string;
}

/** The kernel is asked in a network namespace that ends with the question. */
const requirements: readonly Requirement[] = [
  { missing: "the program ip (package iproute2)", command: ["ip", "-V"] },
  { missing: "the program nft (package nftables)", command: ["nft", "--version"] },
  { missing: "the program dnsmasq (package dnsmasq-base)", command: ["dnsmasq", "--version"] },
  {
    missing: "bridges in the kernel, or the right to make them",
    command: ["unshare", "--net", "ip", "link", "add", "dev", "probe", "type", "bridge"],
  },
  {
    missing: "nftables with masquerading in the kernel",
    command: ["unshare", "--net", "nft", "-f", "-"],
    input:
      'table inet probe {\n chain c {\n type nat hook postrouting priority srcnat;\n oifname != "x" masquerade\n }\n}\n',
  },
];

/** @returns what this host lacks for bridge networks, in words, or nothing when it lacks nothing */
export async function missingForBridges(): Promise<string | undefined> {
  const answers = await Promise.all(requirements.map(isMet));
  const missing = requirements.filter((_, index) => !answers[index]).map((requirement) => requirement.missing);
  return missing.length === 0 ? undefined : `this host lacks ${missing.join(", ")}`;
}

async function isMet({ command: [program = "", ...args], input }: Requirement): Promise<boolean> {
  try {
    await run(program, args, { input });
    return true;
  } catch {
    // Whatever the reason, the answer is no; the caller names the requirement.
    return false;
  }
}
