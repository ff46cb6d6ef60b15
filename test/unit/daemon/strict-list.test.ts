/** The profile "strict": its filters answer what its list says, for every architecture and every call that libseccomp knows. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { repository } from "../../../scripts/vm/cache";
import { hostArchitecture } from "../../../sdk/host/architecture";
import { answer } from "../../support/filter-machine";
import { requireFeature } from "../../support/require";
import { readNumbers, readStrictList } from "../../support/strict-list";

const generator = path.join(repository, "native/build", hostArchitecture, "seccomp-gen");
const skip = requireFeature("generator of filters", existsSync(generator));
const folder = mkdtempSync(path.join(tmpdir(), "bothy-strict-"));
after(() => rmSync(folder, { recursive: true }));

const [allow, EPERM, ENOSYS, EACCES, EAFNOSUPPORT] = [0x7fff0000, 0x00050001, 0x00050026, 0x0005000d, 0x00050061];
const meant = { allow, EPERM, ENOSYS } as const;
const x32 = 0x40000000;
/** Calls that older numbers are left for, which a newer libseccomp knows. */
const later = new Set(["uretprobe"]);

/** What the generator makes for an architecture. @param name of a filter, or "names" */
function made(architecture: string, name: string): string {
  const file = path.join(folder, `${architecture}-${name}`);
  const list = name === "names" ? [] : [path.join(repository, "native/tools/strict.list")];
  execFileSync(generator, [architecture, name, file, ...list]);
  return file;
}

for (const [architecture, filterName] of ["x86_64", "aarch64"].flatMap((one) =>
  ["strict", "strict-nesting"].map((name) => [one, name] as const),
))
  test(`by "${filterName}" on ${architecture} each call is answered as the list says, and what it does not know is ENOSYS`, {
    skip,
  }, () => {
    const list = new Map(readStrictList(filterName === "strict-nesting"));
    const { audits, calls } = readNumbers(made(architecture, "names"));
    const [filter, native] = [filterName, `${filterName}-native`].map(
      (one): Buffer => readFileSync(made(architecture, one)),
    );
    assert.ok(filter !== undefined && native !== undefined);
    for (const [of, audit] of audits.entries()) {
      const known = [...calls].flatMap(([name, numbers]) =>
        (numbers[of] ?? -1) < 0 ? [] : ([[name, numbers[of]!]] as const),
      );
      const newest = Math.max(...known.flatMap(([name, number]) => (list.has(name) ? [number] : [])));
      const undecided = known.filter(([name, number]) => !list.has(name) && number < newest && !later.has(name));
      assert.deepEqual(undecided, [], "say in native/tools/strict.list what becomes of them");
      for (const [name, number] of known) {
        const wanted = meant[list.get(name) ?? "ENOSYS"];
        assert.equal(answer(filter, audit, number), wanted, `${name}, ${number}`);
        assert.equal(answer(native, audit, number), of === 0 ? wanted : ENOSYS, `${name}, ${number}`);
      }
      for (const number of [newest + 1, 600, 0x0fffffff, 0x7fffffff, 0xffffffff])
        assert.equal(answer(filter, audit, number), ENOSYS, `${number} of ${audit}`);
      const callNumber = (call: string): number => calls.get(call)?.[of] ?? -1;
      assert.equal(answer(filter, audit, callNumber("umount2"), [0n, 3n]), EACCES);
      assert.equal(answer(filter, audit, callNumber("umount2"), [0n, 2n]), allow);
      assert.deepEqual(
        [1n, 2n, 10n, 16n, 38n, 40n].map((family): number => answer(filter, audit, callNumber("socket"), [family])),
        [allow, allow, allow, allow, EAFNOSUPPORT, EAFNOSUPPORT],
      );
    }
    assert.equal(answer(filter, audits[0]!, x32 + 1), ENOSYS, "calls of x32 are none");
    assert.equal(answer(filter, 0xc00000f3, 63), ENOSYS, "nor are those of another architecture");
  });

test("a 32-bit Arm has the calls that it has for itself", { skip }, () => {
  const filter = readFileSync(made("aarch64", "strict"));
  const [cacheflush, setTls, usr26] = [0xf0002, 0xf0005, 0xf0003];
  assert.deepEqual(
    [cacheflush, setTls, usr26].map((number) => answer(filter, 0x40000028, number)),
    [allow, allow, ENOSYS],
  );
});

test("a name of the list is a call's, and no call is in it twice", { skip }, () => {
  const list = readStrictList();
  const names = list.map(([name]) => name);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
  assert.deepEqual([...new Set(list.map(([, answer]) => answer))], ["allow", "EPERM", "ENOSYS"]);
  const known = new Set(["x86_64", "aarch64"].flatMap((one) => [...readNumbers(made(one, "names")).calls.keys()]));
  // Beyond the numbers that the table of names goes to.
  const armsOwn = ["breakpoint", "cacheflush", "set_tls", "get_tls"];
  assert.deepEqual(
    names.filter((name) => !known.has(name) && !armsOwn.includes(name)),
    [],
  );
});

test("the filters of this machine are those that the list makes", { skip }, () => {
  for (const name of ["strict", "strict-native", "strict-nesting", "strict-nesting-native"]) {
    const built = path.join(path.dirname(generator), "seccomp", `${name}.bpf`);
    assert.ok(readFileSync(built).equals(readFileSync(made(hostArchitecture, name))), "run make -C native");
  }
});
