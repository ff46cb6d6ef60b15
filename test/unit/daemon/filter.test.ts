/** Filters of lists. */
import assert from "node:assert/strict";
import test from "node:test";
import { matches, parseFilter } from "../../../daemon/http/filter";

const object = {
  name: "Web1",
  public: false,
  properties: { os: "Debian", "a.b": "dotted" },
  config: { "limits.memory": "1GiB", "user.note": 'say "hi"' },
  devices: { eth0: { type: "nic" } },
};

const holding = [
  "",
  "name eq web1",
  "name eq web.*",
  "name ne web",
  "not name eq db",
  "public eq false",
  "properties.os eq debian and config.limits.memory eq 1gib",
  "properties.a.b eq dotted",
  "devices.eth0.type eq nic",
  'name eq db or config.user.note eq "say \\"hi\\""',
  "name eq db and public eq true or properties.os eq debian",
  "name eq (web|db)1",
  "nothing eq ''",
];
const failing = [
  "name eq web",
  "name ne web1",
  "not name eq web1",
  "config.limits.cpu eq 1",
  "constructor.name eq Object",
  "name eq web1 and public eq true",
  "name eq [",
];

for (const text of holding)
  test(`the filter ${JSON.stringify(text)} lets the object pass`, () => assert.ok(matches(parseFilter(text), object)));
for (const text of failing)
  test(`the filter ${JSON.stringify(text)} keeps the object out`, () => assert.ok(!matches(parseFilter(text), object)));

test("a malformed filter is refused", () => {
  for (const text of ["name", "name eq", "name is web", "name eq a b eq c", "name eq a and", 'name eq "a', "not"])
    assert.throws(() => parseFilter(text), /^ApiError: Invalid filter: /, text);
});
