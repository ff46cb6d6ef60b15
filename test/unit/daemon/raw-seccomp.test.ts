/** Filters of raw.seccomp, by what they answer; a kernel's machine in small runs them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf } from "../../../daemon/kinds/instance/spec/raw-seccomp";
import { rawSeccomp } from "../../../sdk/api/config/raw-seccomp";
import { answer as answerOf } from "../../support/filter-machine";
import { requireFeature } from "../../support/require";

const skip = requireFeature("numbers of x86_64", process.arch === "x64");

const [native, compat] = [0xc000003e, 0x40000003];
const calls = new Map([
  ["mknod", [133, 14]],
  ["ioctl", [16, 54]],
  ["umount2", [166, 52]],
  ["read", [0, 3]],
  ["socketcall", [-1, 102]],
]);
const [allow, kill, trap, enosys] = [0x7fff0000, 0x80000000, 0x00030000, 0x00050026];
const errno = (number: number) => 0x00050000 | number;

const answer = (filter: Buffer, number: number, args: readonly bigint[] = [], audit = native): number =>
  answerOf(filter, audit, number, args);

function filter(text: string, withCompat = true): Buffer {
  assert.equal(rawSeccomp.check(text), undefined);
  const policy = rawSeccomp.parse(text);
  assert.ok(policy !== undefined);
  return filterOf({ audits: [native, compat], calls }, policy, withCompat);
}

test("a denied list denies what is in it, on both architectures, and an allowed one all else", { skip }, () => {
  const denied = filter("2\ndenylist\n# a comment\nmknod errno 0\nioctl\n[all]\nread trap\n");
  for (const [number, narrow, wanted] of [
    [133, 14, errno(0)],
    [16, 54, kill],
    [0, 3, trap],
    [1, 4, allow],
  ] as const) {
    assert.equal(answer(denied, number), wanted);
    assert.equal(answer(denied, narrow, [], compat), wanted);
  }
  const allowed = filter("2\nwhitelist errno 5\nread\nmknod errno 7");
  assert.deepEqual(
    [0, 133, 16].map((number) => answer(allowed, number)),
    [allow, errno(7), errno(5)],
  );
  const first = filter("1\nallowlist\n0\n16");
  assert.deepEqual(
    [0, 16, 133].map((number) => answer(first, number)),
    [allow, allow, kill],
  );
});

test("rules below an architecture are for that one; other architectures and x32 have no system calls", { skip }, () => {
  const one = filter("2\nblacklist\n[x86]\nread errno 1\n[x86_64]\nmknod errno 2\n[arm]\nnosuch errno 3");
  assert.deepEqual([answer(one, 0), answer(one, 3, [], compat)], [allow, errno(1)]);
  assert.deepEqual([answer(one, 133), answer(one, 14, [], compat)], [errno(2), allow]);
  assert.equal(answer(one, 0x40000000 + 1), enosys);
  assert.equal(answer(one, 1, [], 0xc00000b7), enosys);
  assert.equal(answer(filter("2\ndenylist", false), 3, [], compat), enosys);
});

test("a condition compares all 64 bits of an argument, and all conditions of a line have to hold", { skip }, () => {
  const big = 0x1_0000_0005n;
  const values = [0n, 4n, 5n, 6n, 0x1_0000_0004n, big, 0x1_0000_0006n, 0x2_0000_0005n, -1n];
  const table = {
    "==": (value: bigint) => value === big,
    "!=": (value: bigint) => value !== big,
    "<": (value: bigint) => value < big,
    SCMP_CMP_LE: (value: bigint) => value <= big,
    ">": (value: bigint) => value > big,
    SCMP_CMP_GE: (value: bigint) => value >= big,
  };
  for (const [word, holds] of Object.entries(table)) {
    const one = filter(`2\ndenylist\nioctl errno 1 [1,0x100000005,${word}]`);
    for (const value of values) {
      const wanted = holds(BigInt.asUintN(64, value)) ? errno(1) : allow;
      assert.equal(answer(one, 16, [0n, value]), wanted, `${value} ${word}`);
      // What comes behind the rule still knows the call.
      assert.equal(answer(one, 133, [0n, value]), allow);
    }
  }
  const both = filter("2\ndenylist\nioctl errno 1 [0,3,==] [1,7,SCMP_CMP_EQ]\nioctl errno 2 [0,4,==]\nread errno 3");
  assert.deepEqual(
    [
      [3n, 7n],
      [3n, 8n],
      [4n, 7n],
    ].map((args) => answer(both, 16, args)),
    [errno(1), allow, errno(2)],
  );
  assert.equal(answer(both, 0), errno(3));
  const masked = filter("2\ndenylist\nreject_force_umount # as LXD has it\nioctl errno 4 [1,0x10,&=,0xf0]");
  assert.deepEqual(
    [1n, 3n, 2n].map((flags) => answer(masked, 166, [0n, flags])),
    [errno(13), errno(13), allow],
  );
  assert.deepEqual(
    [0x1fn, 0x3fn].map((value) => answer(masked, 16, [0n, value])),
    [errno(4), allow],
  );
});

test("what is no policy is refused with what it can be", () => {
  for (const [text, message] of [
    ["", /first line must be the version/],
    ["3\ndenylist", /first line must be the version/],
    ["2\nlist", /second line must be "denylist" or "allowlist"/],
    ["1\ndenylist\n1", /must be "allowlist", since it has version 1/],
    ["1\nallowlist\nread", /must be the number of a system call/],
    ["2\ndenylist later", /action "later" must be/],
    ["2\ndenylist\nread errno 9999", /action "errno 9999" must be/],
    ["2\ndenylist\nread notify", /"notify" needs somebody who answers/],
    ["2\ndenylist\n[vax]\nread", /"\[vax\]" must be one of \[all\]/],
    ["2\ndenylist\nread errno 1 [9,1,==]", /number of an argument from 0 to 5/],
    ["2\ndenylist\nread errno 1 [0,1,&=]", /a mask for the last two/],
    ["2\ndenylist\nread; reboot", /must be the name of a system call/],
  ] as const)
    assert.match(rawSeccomp.check(text) ?? "", message, text);
  assert.throws(() => filter("2\ndenylist\nnosuch"), /"nosuch" is no system call that this host knows/);
});
