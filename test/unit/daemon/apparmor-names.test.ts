/** Patterns of AppArmor for all names but some, by what they fit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { otherNames } from "../../../daemon/kinds/instance/labels/names";

/** As apparmor.d(5), Globbing, has it; only what the patterns use. */
const expression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll("{,/**}", "\u0001")
      .replaceAll("{,**/}", "\u0002")
      .replaceAll("*", "[^/]*")
      .replaceAll("\u0001", "(/.*)?")
      .replaceAll("\u0002", "(.*/)?")}$`,
  );

const fits = (patterns: readonly string[], name: string) => patterns.some((pattern) => expression(pattern).test(name));

test("what is kept is fitted by no pattern, nor what lies below it; every other name is", () => {
  const patterns = otherNames("/sys/", ["kernel/hostname", "kernel/sem", "kernel/sem_next", "net", "a-b"], "{,/**}");
  for (const name of ["kernel/hostname", "kernel/sem", "kernel/sem_next", "net", "net/ipv4/x", "a-b", "a-b/c"])
    assert.ok(!fits(patterns, `/sys/${name}`), name);
  const others =
    "vm vm/drop_caches kernel/core_pattern kernel/hostnam kernel/hostname2 kernel/se kernel/sem_ kernel/semx kern kernelx ne nets/x a a- ac a-bc";
  for (const name of others.split(" ")) assert.ok(fits(patterns, `/sys/${name}`), name);
  assert.ok(!fits(patterns, "/sys/kernel"), "the folder of something that is kept");
});

test("more first characters can be kept, and a pattern may go on behind the name", () => {
  const below = otherNames("/proc/", ["self", "thread-self"], "{,/**}", "0-9");
  for (const name of ["1/mem", "self/x", "thread-self"]) assert.ok(!fits(below, `/proc/${name}`), name);
  for (const name of ["kcore", "irq/1", "thread", "threads"]) assert.ok(fits(below, `/proc/${name}`), name);
  const named = otherNames("/{,**/}", ["proc"], "/");
  for (const name of ["/proc/", "/a/b/proc/"]) assert.ok(!fits(named, name), name);
  for (const name of ["/mnt/", "/proc/x/", "/pro/", "/process/", "/a/xproc/"]) assert.ok(fits(named, name), name);
});

test("a name that a pattern would read as another is refused", () => {
  assert.throws(() => otherNames("/", ["a*"], ""), /cannot stand in a pattern/);
});
