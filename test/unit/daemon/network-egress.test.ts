/** What guests of a list are told, believed and let through, by its pure parts. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { encode, RECURSION_DESIRED } from "dns-packet";
import { isBelieved } from "../../../daemon/kinds/network/egress/belief";
import {
  addressesOf,
  egressFile,
  type Known,
  note,
  readKnown,
  writeKnown,
} from "../../../daemon/kinds/network/egress/known";
import { bareAnswer, readAddresses, readQuestion } from "../../../daemon/kinds/network/egress/message";
import { groupsOf, scopesOf } from "../../../daemon/kinds/network/egress/scope";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-known-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const config = { "ipv4.address": "10.1.1.1/24", "ipv6.address": "2001:db8:9::1/64" };
const scopesFor = (list: string) => scopesOf({ ...config, "security.egress.allow": list }, []);

const asking = (name: string, type: "A" | "AAAA" = "A") =>
  encode({ type: "query", id: 7, flags: RECURSION_DESIRED, questions: [{ type, name }] });

function question(name: string, type: "A" | "AAAA" = "A") {
  const read = readQuestion(asking(name, type));
  assert.ok(typeof read === "object");
  return read;
}

test("a question is read in small letters, and one whose name is not what it seems is refused", () => {
  assert.deepEqual([question("WWW.Example.com").name, question("a.example", "AAAA").type], ["www.example.com", 28]);
  const tricky = asking("www.example.com");
  // A dot in the place of the length of "example": one label "www.example".
  tricky.writeUInt8(11, 12);
  tricky.write(".", 16, "latin1");
  assert.equal(readQuestion(tricky), "FORMERR");
  const pointing = Buffer.concat([asking("a.example").subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);
  assert.equal(readQuestion(pointing), "FORMERR");
  assert.equal(readQuestion(asking("a.example").subarray(0, 20)), "FORMERR");
  assert.equal(readQuestion(Buffer.alloc(5)), undefined);
  assert.equal(readQuestion(encode({ type: "response", id: 7, questions: [{ type: "A", name: "a" }] })), undefined);
  const notify = asking("a.example");
  notify.writeUInt8(0x20, 2);
  assert.equal(readQuestion(notify), "NOTIMP");
});

test("an answer of our own repeats the question and nothing else", () => {
  const message = asking("a.example");
  const answer = bareAnswer(message, question("a.example"), "NXDOMAIN");
  assert.deepEqual([...answer.subarray(0, 12)], [0, 7, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(answer.subarray(12), message.subarray(12));
  assert.equal(bareAnswer(message, undefined, "FORMERR").length, 12);
});

test("addresses are those of the name, by way of its other names in any order, and others are told apart", () => {
  const answer = encode({
    type: "response",
    id: 7,
    questions: [{ type: "A", name: "www.example" }],
    answers: [
      { type: "A", name: "deep.example", ttl: 9, data: "192.0.2.1" },
      { type: "CNAME", name: "edge.example", ttl: 9, data: "deep.example" },
      { type: "CNAME", name: "www.example", ttl: 9, data: "edge.example" },
      { type: "AAAA", name: "stranger.example", ttl: 9, data: "2001:db8::1" },
      { type: "TXT", name: "www.example", ttl: 9, data: "word" },
    ],
  });
  assert.deepEqual(readAddresses(answer, question("www.example")), [
    { address: "192.0.2.1", seconds: 9, isOfName: true },
    { address: "2001:db8::1", seconds: 9, isOfName: false },
  ]);
  assert.throws(() => readAddresses(answer, question("other.example")), RangeError);
  for (let length = 12; length < answer.length; length += 1)
    assert.throws(() => readAddresses(answer.subarray(0, length), question("www.example")), RangeError);
});

test("addresses of the host, its links and its own networks are not believed, unless the list names a private one", () => {
  const never = ["0.0.0.0", "127.1.2.3", "169.254.1.1", "10.1.1.9", "224.0.0.1", "255.255.255.255"];
  const never6 = ["::", "::1", "::ffff:192.0.2.1", "::10.0.0.1", "fe80::1", "ff02::1", "2001:db8:9::5"];
  const wrapped = ["64:ff9b::7f00:1", "64:ff9b::a01:109", "2002:7f00:1::1"];
  const personal = ["10.9.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "64:ff9b::a09:1"];
  const world = ["192.0.2.1", "8.8.8.8", "172.32.0.1", "2001:db8::1", "64:ff9b::808:808", "2002:808:808::1"];
  const all = [...never, ...never6, ...wrapped, ...personal, ...world];
  const believed = (list: string) => all.filter((address) => isBelieved(config, scopesFor(list), address));
  assert.deepEqual(believed("*.example"), world);
  assert.deepEqual(believed("*.example, 0.0.0.0/0, [::/0]"), [...personal, ...world]);
  assert.deepEqual(believed("*.example, 10.9.0.0/16"), ["10.9.0.1", "64:ff9b::a09:1", ...world]);
  const [scope] = scopesFor("*.example, 10.9.0.0/16");
  const [other] = scopesFor("*.example");
  assert.ok(scope !== undefined && other !== undefined);
  assert.equal(isBelieved(config, [scope, other], "10.9.0.1"), false, "all have to agree");
});

test("what was answered counts for its time, within bounds, and is a group's whose names it is of", () => {
  const known: Known = new Map();
  const at = (name: string, address: string, seconds: number, nowMs: number) =>
    note(known, name, [{ address, seconds }], nowMs);
  assert.deepEqual([...(at("a.example", "192.0.2.1", 5, 0) ?? [])], [["192.0.2.1", 90_000]]);
  assert.deepEqual([...(at("a.example", "192.0.2.1", 5, 10_000) ?? [])], [], "hardly longer is not worth it");
  assert.deepEqual([...(at("a.example", "192.0.2.1", 600, 10_000) ?? [])], [["192.0.2.1", 640_000]]);
  assert.deepEqual([...(at("b.example", "192.0.2.2", 10 ** 9, 0) ?? [])], [["192.0.2.2", 86_430_000]]);
  const [first, second] = scopesFor("a.example:80, *.example:443").flatMap(groupsOf);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([...addressesOf(first, known, 20_000).keys()], ["192.0.2.1"]);
  assert.deepEqual([...addressesOf(second, known, 20_000).keys()], ["192.0.2.1", "192.0.2.2"]);
  assert.deepEqual([...addressesOf(second, known, 640_000).keys()], ["192.0.2.2"]);
  const many = Array.from({ length: 4096 }, (_, n) => ({ address: `198.51.${n >> 8}.${n & 255}`, seconds: 60 }));
  assert.equal(note(known, "c.example", many, 20_000), undefined, "a name with too many");
  assert.equal(note(known, "c.example", many.slice(0, 4094), 20_000)?.size, 4094);
});

test("what is known is read again, without what is over, damaged or too far ahead", async () => {
  const known = new Map([["all", new Map([["a.example", new Map([["192.0.2.1", 5000]])]])]]);
  await writeKnown(folder, known);
  assert.deepEqual(await readKnown(folder, 1000), known);
  assert.deepEqual([...((await readKnown(folder, 5000)).get("all")?.get("a.example") ?? [])], []);
  for (const text of ["", "{", "[]", "null", '{"all": 7}', '{"all": {"a.example": {"no": 5000, "192.0.2.1": 1e15}}}']) {
    writeFileSync(path.join(folder, egressFile), text);
    const read = [...(await readKnown(folder, 1000)).values()].flatMap((names) => [...names.values()]);
    assert.deepEqual(
      read.flatMap((addresses) => [...addresses]),
      [],
      text,
    );
  }
});

test("a list that cannot be read lets nothing pass", () => {
  assert.deepEqual(
    scopesFor("what is this:?").map(({ targets }) => targets),
    [[]],
  );
});
