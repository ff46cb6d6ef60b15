/** Signatures of questions about zones: which count, made by hand as RFC 8945 has them. What dig makes of them is in test/network/zone.test.ts. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { BadQuestion, readQuestion } from "../../../daemon/kinds/network-zone/dns/question";
import { refusalOf } from "../../../daemon/kinds/network-zone/dns/tsig";
import { nameBytes, readName } from "../../../daemon/platform/dns/names";

const key = Buffer.from("a secret of the peer");
const now = 1_750_000_000;
const bytesOf = (...numbers: number[]) => Buffer.from(numbers);
const number16 = (value: number) => bytesOf(value >> 8, value & 255);

interface Made {
  readonly time?: number;
  readonly algorithm?: string;
  readonly secret?: Buffer;
}

/** A question for the SOA of lab.example, signed. */
function question({ time = now, algorithm = "hmac-sha256", secret = key }: Made = {}): Buffer {
  const asked = Buffer.concat([nameBytes("lab.example"), number16(6), number16(1)]);
  const header = (records: number) => Buffer.concat([number16(7), bytesOf(0, 0, 0, 1, 0, 0, 0, 0), number16(records)]);
  const timers = Buffer.alloc(8);
  timers.writeUIntBE(time, 0, 6);
  timers.writeUInt16BE(300, 6);
  const name = nameBytes("lab.example_ns");
  const variables = [name, bytesOf(0, 255, 0, 0, 0, 0), nameBytes(algorithm), timers, bytesOf(0, 0, 0, 0)];
  const mac = createHmac("sha256", secret)
    .update(Buffer.concat([header(0), asked, ...variables]))
    .digest();
  const data = Buffer.concat([
    nameBytes(algorithm),
    timers,
    number16(mac.length),
    mac,
    number16(7),
    bytesOf(0, 0, 0, 0),
  ]);
  const record = Buffer.concat([name, bytesOf(0, 250, 0, 255, 0, 0, 0, 0), number16(data.length), data]);
  return Buffer.concat([header(1), asked, record]);
}

/** Why it does not count; nothing when it does. */
function refusal(bytes: Buffer, secret = key, seconds = now): string | undefined {
  const { tsig } = readQuestion(bytes) ?? assert.fail("it is a question");
  return refusalOf(tsig ?? assert.fail("it is signed"), secret, seconds * 1000);
}

test("a question signed with the peer's key counts as long as the clocks are five minutes apart at most", () => {
  const read = readQuestion(question());
  assert.deepEqual([read?.name, read?.type, read?.tsig?.keyName], ["lab.example", 6, "lab.example_ns"]);
  assert.equal(refusal(question()), undefined);
  assert.equal(refusal(question({ time: now - 299 })), undefined);
  assert.match(String(refusal(question({ time: now - 301 }))), /clock and ours are 301 s apart/);
  assert.match(String(refusal(question({ time: now + 301 }))), /301 s apart/);
});

test("one of another key, algorithm or with a changed byte does not count, and no key is nobody's", () => {
  assert.match(String(refusal(question({ secret: Buffer.from("another") }))), /not of the peer's key/);
  assert.match(String(refusal(question({ algorithm: "hmac-md5" }))), /not of hmac-sha256/);
  assert.match(String(refusal(question({ secret: Buffer.alloc(0) }), Buffer.alloc(0))), /no base64/);
  const changed = question();
  changed[14] = (changed[14] ?? 0) ^ 1;
  assert.match(String(refusal(changed)), /not of the peer's key/);
});

test("whatever is cut off or points in a circle ends in an error of its own", () => {
  const whole = question();
  for (let length = 12; length < whole.length; length += 1)
    assert.throws(() => readQuestion(whole.subarray(0, length)), BadQuestion, `${length} bytes`);
  for (let length = 0; length < 12; length += 1) assert.equal(readQuestion(whole.subarray(0, length)), undefined);
  assert.throws(() => readName(bytesOf(1, 97, 0xc0, 0), 0), RangeError);
  assert.throws(() => readName(bytesOf(0xc0, 0), 0), RangeError);
});
