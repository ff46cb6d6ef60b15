/** Answer: what a question about a zone gets. Its SOA, or all of it, goes to the zone's peers alone. */
import { type Answer, AUTHORITATIVE_ANSWER, encode, encodingLength } from "dns-packet";
import { sameDnsName } from "../../../../sdk/api/dns-name";
import type { Log } from "../../../platform/log";
import { contentOf, serversOf } from "../content";
import type { ZoneNetworks } from "../home";
import { keyNameOf, peersOf, plainAddress } from "../peers";
import { Serials } from "../serials";
import type { NetworkZoneStore, ZoneRow } from "../store";
import { BadQuestion, classIn, type Question, readQuestion, types } from "./question";
import { refusalOf, Signer, type Tsig } from "./tsig";

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof rcodes;

/** A message may have four times as much; more at once is more to lose. */
const mostBytes = 16_000;

export interface Asker {
  /** As its connection or datagram has it. */
  readonly address: string;
  readonly protocol: "udp" | "tcp";
}

interface Allowed {
  readonly zone: ZoneRow;
  readonly peer: string;
  readonly sign: Signer | undefined;
}

export class ZoneAnswers {
  readonly #serials = new Serials();

  constructor(
    private readonly store: NetworkZoneStore,
    private readonly networks: ZoneNetworks,
    private readonly log: Log,
  ) {}

  /** @returns the messages of the answer; none where none is due */
  async to(bytes: Buffer, asker: Asker): Promise<readonly Buffer[]> {
    let question: Question | undefined;
    try {
      question = readQuestion(bytes);
    } catch (error) {
      if (!(error instanceof BadQuestion)) throw error;
      return [encode({ type: "response", id: error.id, flags: error.opcode | rcodes[error.rcode] })];
    }
    if (question === undefined) return [];
    const allowed = this.#allowed(question, asker);
    if (allowed === undefined) return [bare(question, "REFUSED")];
    try {
      return await this.#answer(question, asker, allowed);
    } catch (error) {
      this.log.error("Cannot tell a peer of a network zone", { zone: allowed.zone.name, peer: allowed.peer, error });
      return [bare(question, "SERVFAIL")];
    }
  }

  async #answer(question: Question, { protocol, address }: Asker, { zone, peer, sign }: Allowed): Promise<Buffer[]> {
    // A zone has no bound, and a datagram has one.
    if (question.type === types.AXFR && protocol === "udp") return [bare(question, "FORMERR", sign)];
    const content = await contentOf(this.store, this.networks, zone);
    const soa = soaOf(zone, this.#serials.of(zone.name, [content, serversOf(zone.config)]));
    // Over UDP a change is told by the SOA alone, and the peer comes again (RFC 1995, 4).
    const isWhole = question.type !== types.SOA && protocol === "tcp";
    if (isWhole)
      this.log.info("A peer copies a network zone", { zone: zone.name, peer, address, records: content.length });
    return messagesOf(question, isWhole ? [soa, ...content, soa] : [soa], sign);
  }

  /** The zone that a question is about, where a peer of it asks. All others learn nothing, not even which zones there are. */
  #allowed(question: Question, { address }: Asker): Allowed | undefined {
    const { name, type, tsig } = question;
    if (question.class !== classIn || ![types.SOA, types.AXFR, types.IXFR].some((one) => one === type))
      return undefined;
    const zone = this.store.list().find((one) => sameDnsName(one.name, name));
    if (zone === undefined) return undefined;
    for (const peer of peersOf(zone.config)) {
      if (peer.address !== undefined && peer.address !== plainAddress(address)) continue;
      if (peer.key === undefined) return { zone, peer: peer.name, sign: undefined };
      const refusal = tsigRefusal(tsig, keyNameOf(zone.name, peer.name), peer.key);
      if (refusal === undefined && tsig !== undefined)
        return { zone, peer: peer.name, sign: new Signer(tsig, peer.key) };
      this.log.debug("A peer of a network zone is refused", {
        zone: zone.name,
        peer: peer.name,
        address,
        why: refusal,
      });
    }
    return undefined;
  }
}

function tsigRefusal(tsig: Tsig | undefined, keyName: string, key: Buffer): string | undefined {
  if (tsig === undefined) return "its question is not signed";
  return tsig.keyName === keyName ? refusalOf(tsig, key, Date.now()) : `its key is not called ${keyName}`;
}

/** Times as LXD has them, in seconds. */
const soaOf = ({ name, config }: ZoneRow, serial: number): Answer => ({
  name,
  type: "SOA",
  ttl: 3600,
  data: {
    mname: serversOf(config)[0] ?? name,
    rname: name,
    serial,
    refresh: 120,
    retry: 60,
    expire: 86400,
    minimum: 30,
  },
});

/** A message with the question in it as it was asked. Nothing in what dns-packet writes points to another place, so it may be put in between. */
function withQuestion(message: Buffer, { bytes }: Question): Buffer {
  const whole = Buffer.concat([message.subarray(0, 12), bytes, message.subarray(12)]);
  whole.writeUInt16BE(1, 4);
  return whole;
}

function bare(question: Question, rcode: Rcode, sign?: Signer): Buffer {
  const message = withQuestion(encode({ type: "response", id: question.id, flags: rcodes[rcode] }), question);
  return sign?.sign(message, Date.now()) ?? message;
}

function messagesOf(question: Question, answers: readonly Answer[], sign: Signer | undefined): Buffer[] {
  const parts: Answer[][] = [[]];
  let bytes = 0;
  for (const answer of answers) {
    const length = encodingLength({ answers: [answer] });
    if (bytes > 0 && bytes + length > mostBytes) {
      parts.push([]);
      bytes = 0;
    }
    bytes += length;
    parts.at(-1)?.push(answer);
  }
  return parts.map((part, index) => {
    const answer = encode({ type: "response", id: question.id, flags: AUTHORITATIVE_ANSWER, answers: part });
    const message = index === 0 ? withQuestion(answer, question) : answer;
    return sign?.sign(message, Date.now()) ?? message;
  });
}
