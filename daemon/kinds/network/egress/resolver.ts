/** Resolver: what guests of a scope are told of names. What they may reach is asked of dnsmasq, and its addresses are let in before they are told. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import type { Log } from "../../../platform/log";
import { familiesOf, subnet6Of, subnetOf } from "../config";
import { contains, parseAddress } from "../ipv4";
import { contains6, isAddress6, parseAddress6 } from "../ipv6";
import { isBelieved } from "./belief";
import type { Answers } from "./door";
import type { TimedAddress } from "./known";
import { bareAnswer, type Question, readAddresses, readQuestion, types } from "./message";
import { allowsName, type EgressScope } from "./scope";
import { askUpstream, type Protocol } from "./upstream";

/** What a resolver needs of the network, as it is when somebody asks. */
export interface Surroundings {
  readonly network: string;
  readonly config: Config;
  /** All that have to agree, that of the guest first. */
  readonly scopes: readonly EgressScope[];
  /** Lets a name's addresses in. @returns false when there are too many */
  readonly admit: (name: string, addresses: readonly TimedAddress[]) => Promise<boolean>;
  readonly refused: (question: Question, from: string, reason: string) => void;
}

/** Kinds of records from which programs take addresses that no set would know. */
const withheld: readonly number[] = [types.SVCB, types.HTTPS, types.ANY];

/** @param now nothing once the scope is gone */
export const answersOf =
  (now: () => Surroundings | undefined, log: Log): Answers =>
  async (message, protocol, from) => {
    const around = now();
    if (around === undefined || !isNeighbour(around.config, from)) return undefined;
    try {
      return await answerTo(around, message, protocol, from);
    } catch (error) {
      // Whoever asked has no answer, as when a datagram is lost.
      log.error("Cannot answer a question of a guest for a name", { network: around.network, error });
      return undefined;
    }
  };

async function answerTo(
  around: Surroundings,
  message: Buffer,
  protocol: Protocol,
  from: string,
): Promise<Buffer | undefined> {
  const question = readQuestion(message);
  if (question === undefined) return undefined;
  if (typeof question === "string") return bareAnswer(message, undefined, question);
  const { name, type } = question;
  const refuse = (reason: string): Buffer => {
    around.refused(question, from, reason);
    return bareAnswer(message, question, "NXDOMAIN");
  };
  const isOwn = isOfNetwork(around.config, question);
  if (!isOwn && !around.scopes.every((scope) => allowsName(scope, name))) return refuse("not in the list");
  if (withheld.includes(type)) return bareAnswer(message, question, "NOERROR");
  const [server] = familiesOf(around.config);
  const answer = server && (await askUpstream(server.address, protocol, message));
  if (answer === undefined) return bareAnswer(message, question, "SERVFAIL");
  if (isOwn) return answer;
  const records = readable(answer, question);
  if (records === undefined) return bareAnswer(message, question, "SERVFAIL");
  const lie = records.find(({ address }) => !isBelieved(around.config, around.scopes, address));
  if (lie !== undefined) return refuse(`not believed: ${lie.address}`);
  const own = records.filter(({ isOfName }) => isOfName);
  return (await around.admit(name, own)) ? answer : refuse("too many addresses");
}

/** @returns nothing for an answer that cannot be read, or is none to the question */
function readable(answer: Buffer, question: Question) {
  try {
    return readAddresses(answer, question);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether somebody who asks has an address of the network. What guests of others know is none of its lists' business. */
function isNeighbour(config: Config, from: string): boolean {
  const [subnet, subnet6] = [subnetOf(config), subnet6Of(config)];
  const address = from.replace(/%.*$/, "");
  if (!isAddress6(address)) return subnet !== undefined && contains(subnet, parseAddress(address));
  const number = parseAddress6(address);
  return [linkLocals, ...(subnet6 === undefined ? [] : [subnet6])].some((one) => contains6(one, number));
}

/** fe80::/10. */
const linkLocals = { address: 0xfe80n << 112n, bits: 10 };

/** Whether dnsmasq itself knows a name, or that there is none, and asks nobody (dnsmasq.ts). */
function isOfNetwork(config: Config, { name, type }: Question): boolean {
  const set = networkConfig(config);
  if (set.get("dns.mode") === "none") return false;
  // Of names without a dot it asks nobody for their addresses alone.
  if (!name.includes(".")) return type === types.A || type === types.AAAA;
  return name.endsWith(`.${set.get("dns.domain").toLowerCase()}`);
}
