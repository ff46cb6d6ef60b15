/** How transcripts are compared: what a difference is, and which reasons count. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { complaintsOf, type Difference } from "../../compat/support/differences";
import { flatten, linesOf, mask } from "../../compat/support/mask";
import { parseScript } from "../../compat/support/script";
import { differenceOf, formatTranscript, parseTranscript } from "../../compat/support/transcript";

const complaints = (theirs: string[], ours: string[], ...differences: Omit<Difference, "clients" | "why">[]) =>
  complaintsOf(
    "lxc",
    [{ step: "ask", lines: theirs }],
    [{ step: "ask", lines: ours }],
    differences.map((one) => ({ clients: ["lxc"], why: "for the sake of this test", ...one })),
  );

test("a script's steps have what stands before them and their part, and repeated ones a number", () => {
  const steps = parseScript(
    "# told\n\n== part @needs one\n$ ask\n\n@needs two\n@code\n$ ask <<END\nmore\nEND\n\n$ ask\n",
  );
  assert.deepEqual(
    steps.map(({ name, needs, isCodeOnly }) => [name, needs, isCodeOnly]),
    [
      ["ask", ["one"], false],
      ["ask <<END\nmore\nEND", ["one", "two"], true],
      ["ask #2", ["one"], false],
    ],
  );
  assert.throws(() => parseScript("@nosuch\n$ ask\n"), /Nobody knows the annotation "@nosuch"/);
});

test("a transcript that is written is read again as it was", () => {
  const outcomes = [
    { step: "ask <<END\nmore\nEND", lines: ["exit 1", "", "! no"] },
    { step: "ask", lines: [] },
  ];
  assert.deepEqual(parseTranscript(formatTranscript(outcomes)), outcomes);
});

test("ids, times, progress and the padding of tables are no differences; values are", () => {
  const told = (id: string, width: string) =>
    linesOf(mask(`+---+\n| a${width}| ${id} |\n+---+\nload: 10% (1MB/s)\rload: 99% (2MB/s)\r   \rdone\n`, []));
  assert.deepEqual(
    told("3b241101-e2bb-4255-8caf-4136c566a962", " "),
    told("b7a1e0c4-0000-4255-8caf-4136c566a962", "    "),
  );
  assert.deepEqual(flatten({ b: [1, 2], a: { c: null } }), ["a.c = null", "b[] = 1", "b[] = 2"]);
  assert.deepEqual(differenceOf(["a", "b", "c"], ["a", "x", "c"]), ["- b", "+ x"]);
});

test("a difference without a reason is told, and one with a reason is not", () => {
  assert.equal(complaints(["same"], ["same"]).length, 0);
  assert.match(complaints(["one"], ["two"]).join(), /- one\n {2}\+ two/);
  assert.deepEqual(complaints(["one"], ["two"], { steps: { ask: "- one\n+ two\n" } }), []);
  assert.deepEqual(complaints(["one"], ["two"], { instead: [{ lxd: "o*", bothy: "t*" }] }), []);
  assert.deepEqual(complaints([], ["more: 1"], { anywhere: "+ more: *\n" }), []);
  assert.deepEqual(complaints(["Error: no"], ["Error: no. Do that."], { inside: ["Error: "] }), []);
  assert.match(complaints(["Error: no"], ["Error: other"], { inside: ["Error: "] }).join(), /\+ Error: other/);
});

test("a reason that nothing needs any more is told", () => {
  assert.match(complaints(["same"], ["same"], { steps: { ask: "- one\n+ two\n" } }).join(), /no difference any more/);
  assert.match(complaints(["same"], ["same"], { anywhere: "+ more\n" }).join(), /no step has any more/);
  assert.match(complaints(["same"], ["same"], { steps: { gone: "- x\n" } }).join(), /no step is called this/);
  assert.match(complaintsOf("lxc", [], [{ step: "new", lines: [] }], []).join(), /not in the transcript/);
});
