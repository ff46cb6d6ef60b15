/** Inside: tests of this repository run in a guest, from a disk that holds it as it is built. */
import assert from "node:assert/strict";
import type { Machine } from "../../scripts/vm/machine";
import type { Part } from "./support";

export interface InsideOptions {
  /** What the guest has, so that no test may be skipped for want of it. */
  readonly requires: readonly string[];
  /** Of one file; by emulation on a busy machine. */
  readonly seconds: number;
  /** Regular expression that names of tests match. */
  readonly only?: string;
  /** What is told of each file, where that is not its name. */
  readonly title?: string;
  /** A program that runs the tests, with words of its own before those of Node. */
  readonly within?: string;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** By emulation, on a machine that much else runs on (test/support/slowness.ts). */
const slowness = 12;

/** The disk has no labels of SELinux, and none can be written: where it counts, its files get those of programs. */
export const mountTests = (machine: Machine): Promise<string> =>
  machine.must(`mkdir -p /mnt/tests
mountpoint -q /mnt/tests && exit
options=ro
[ ! -e /sys/fs/selinux/enforce ] || options=$options,context=system_u:object_r:bin_t:s0
mount -o $options LABEL=tests /mnt/tests`);

/** @param files below test/, without .test.ts: each becomes a test of its own, which fails when nothing in it was tested */
export function runsInside(
  files: readonly string[],
  { requires, seconds, only, title, within = "", env = {} }: InsideOptions,
): Part {
  return async (t, machine) => {
    await mountTests(machine);
    const words = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=spec"];
    if (only !== undefined) words.push(`--test-name-pattern='${only}'`);
    const more = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
    for (const file of files)
      await t.test(`${title ?? file}, inside`, async (inner) => {
        const { code, stdout, stderr } = await machine.run(
          `cd /mnt/tests && BOTHY_TEST_BUNDLE=1 BOTHY_TEST_SLOWNESS=${slowness} REQUIRE=${requires.join()} ${more.join(" ")} ${within} node ${words.join(" ")} dist/test/${file}.test.js`,
          seconds,
        );
        inner.diagnostic(stdout);
        assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr}`);
        assert.match(stdout, /^ℹ pass [1-9]/m, "something was tested");
      });
  };
}
