/** The messages of a migration: as LXD writes them, and what is no such message. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agreed,
  decodeHeader,
  decodeVerdict,
  encodeHeader,
  encodeVerdict,
  type Header,
  shared,
} from "../../../daemon/platform/migration/messages";

const all = { xattrs: true, delete: true, compress: true, bidirectional: true };

const header: Header = {
  fs: 0,
  criu: 2,
  idmap: [{ isuid: true, isgid: false, hostid: 1_000_000, nsid: 0, maprange: 1_000_000_000 }],
  snapshotNames: ["s0"],
  snapshots: [
    {
      name: "s0",
      localConfig: { "user.a": "Ü", "user.b": "" },
      profiles: ["default"],
      ephemeral: false,
      localDevices: [{ name: "root", config: { path: "/", type: "disk" } }],
      architecture: 2,
      stateful: false,
      creationDate: 1_700_000_000,
      lastUsedDate: 0,
      // Go's zero time.
      expiryDate: -62_135_596_800,
    },
  ],
  refresh: true,
  rsyncFeatures: all,
};

test("a header reads back as it was, times before 1970 and empty texts too", () => {
  assert.deepEqual(decodeHeader(encodeHeader(header)), header);
});

test("verdicts are the bytes that LXD writes", () => {
  assert.equal(encodeVerdict({ success: true, message: "" }).toString("hex"), "0801");
  assert.equal(encodeVerdict({ success: false, message: "no" }).toString("hex"), "080012026e6f");
  assert.deepEqual(decodeVerdict(Buffer.from("080012026e6f", "hex")), { success: false, message: "no" });
});

test("fields that are not known are passed over, in each of their forms", () => {
  // Numbers 14 and 20 to 22: a number, eight bytes, a text and four bytes.
  const more = Buffer.from("7001a1010102030405060708aa0102686ab50101020304", "hex");
  assert.deepEqual(decodeHeader(Buffer.concat([encodeHeader(header), more])), header);
});

test("what is cut short, too long or of another form is refused", () => {
  const whole = encodeHeader(header);
  for (const hex of ["08", "08ffffffffffffffffffffff01", "2a7f00", "0a0100", "0b", "2affffffffffffffff7f"])
    assert.throws(() => decodeHeader(Buffer.from(hex, "hex")), /no message of a migration/, hex);
  // Cut anywhere, it is refused or says less; it never says anything else.
  for (let length = 0; length < whole.length; length += 1)
    try {
      const part = decodeHeader(whole.subarray(0, length));
      assert.ok(part.snapshots.length <= 1);
    } catch (error) {
      assert.match((error as Error).message, /no message of a migration|Cannot take what the other server offers/);
    }
});

test("features are those that both have; a target that says nothing of them is an old LXD", () => {
  assert.deepEqual(shared(all, { ...all, compress: false }), { ...all, compress: false });
  assert.deepEqual(shared(all, undefined), { xattrs: false, delete: false, compress: false, bidirectional: false });
  assert.deepEqual(agreed(undefined), { ...all, bidirectional: false });
  assert.deepEqual(agreed({ ...all, xattrs: false }), { ...all, xattrs: false });
});
