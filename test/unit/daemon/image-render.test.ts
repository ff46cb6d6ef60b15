/** File templates of images: what they render to, and what they cannot reach. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  renderFiles,
  renderTemplate,
  type TemplateSubject,
  templateVariables,
} from "../../../daemon/kinds/image/file-templates/render";

const subject: TemplateSubject = {
  instance: { name: "web", architecture: "x86_64", privileged: false, ephemeral: true },
  config: { "user.user-data": "#cloud-config\n", "user.network_mode": "dhcp", "limits.cpu": "2" },
  devices: { eth0: { type: "nic", network: "br0" }, root: { type: "disk", path: "/" } },
};
const variables = templateVariables({
  ...subject,
  trigger: "create",
  path: "/etc/hostname",
  properties: { default: "fallback" },
});
const render = (text: string) => renderTemplate(text, variables);

const cases: readonly [template: string, output: string][] = [
  ["{{ container.name }}\n", "web\n"],
  ["{{ instance.name|upper }} {{ trigger }} {{ path }}", "WEB create /etc/hostname"],
  ['{{ config_get("user.user-data", properties.default) }}', "#cloud-config\n"],
  ['{{ config_get("user.none", properties.default) }}', "fallback"],
  ['{{ config["limits.cpu"] }}{{ config.nothing }}{{ nothing.at.all }}', "2"],
  [
    '{% if config_get("user.network_mode", "") == "link-local" %}a{% elif container.privileged == "true" %}b{% else %}c{% endif %}',
    "c",
  ],
  ["{% if not nothing and container.name %}yes{% endif %}", "yes"],
  ["{% for name, device in devices %}{{ name }}={{ device.type }};{% endfor %}", "eth0=nic;root=disk;"],
  ['{% set x = "a,b"|split:"," %}{% for each in x %}[{{ each }}]{% endfor %}{{ x|join:"-" }}', "[a][b]a-b"],
  ['{{ nothing|default:"d" }}{# a comment {{ x }} #}', "d"],
  ['{{ "}}" }} {% if "nic" in devices.eth0.type %}in{% endif %}', "}} in"],
  ["a {{- container.name -}} b", "awebb"],
  ["{ not a tag } { { }}", "{ not a tag } { { }}"],
  [
    "{% for k, v in devices sorted %}{{ k }} {% endfor %}{% for k in devices reversed %}{{ k }} {% endfor %}",
    "eth0 root root eth0 ",
  ],
  ['{% for a in "b,c,a"|split:"," sorted reversed %}{{ a }}{% endfor %}', "cba"],
  ["{% for a in nothing %}x{% empty %}none{% endfor %}", "none"],
  [
    '{% for a in "x,y"|split:"," %}{{ forloop.Counter }}{{ forloop.Counter0 }}{% if forloop.Last %}.{% else %},{% endif %}{% endfor %}',
    "10,21.",
  ],
  ["{% comment %}{{ x }} {% if %}{% endcomment %}y", "y"],
  ['{% with a="w" b=container.name|upper %}{{ a }}{{ b }}{% endwith %}{{ a }}', "wWEB"],
  ['{% with "a = b" as q %}{{ q }}{% endwith %}', "a = b"],
  ['{% ifequal container.name "web" %}eq{% else %}ne{% endifequal %}{% ifnotequal 1 1 %}x{% endifnotequal %}', "eq"],
  ["{% autoescape off %}{{ '<b>' }}{% endautoescape %}{{ '<b>'|escape }}", "<b>&lt;b&gt;"],
  [
    '{{ 1 + 2 * 3 }} {{ 7 / 2 }} {{ 7 % 3 }} {{ -1 }} {{ (1+2)*3 }} {{ config["limits.cpu"]|integer - 1 }}',
    "7 3 1 -1 9 1",
  ],
  ['{{ "a" + 1 }} {{ 1.5 + 1 }} {{ "a"|add:"b" }} {{ 1|add:2 }} {% if 1 <> 2 %}ne{% endif %}', "1 2.500000 ab 3 ne"],
  [
    '{{ "the net"|title }} {{ "a b&c"|urlencode }} {{ "abcd"|slice:"1:3" }}{{ "abcd"|slice:"-1:" }}',
    "The Net a+b%26c bcd",
  ],
  ['{{ "a"|ljust:3 }}|{{ "a"|rjust:3 }}|{{ false|yesno:"on,off" }} {{ "a b"|wordcount }}', "a  |  a|off 2"],
];

for (const [template, output] of cases)
  test(`the template ${JSON.stringify(template)} renders`, () => assert.equal(render(template), output));

test("nothing of JavaScript can be reached", () => {
  for (const template of [
    "{{ config.constructor }}",
    "{{ container.__proto__ }}",
    '{{ container["constructor"] }}',
    "{{ config_get.constructor }}",
    "{{ devices.eth0.toString }}",
    "{{ container.name.constructor }}",
    '{{ "x".length }}',
    "{{ constructor }}{{ process }}{{ globalThis }}",
    '{{ config_get("constructor") }}{{ config_get("__proto__") }}',
  ])
    assert.equal(render(template), "", template);
});

test("a template that would never end, or grow without bounds, is stopped", () => {
  const loop = `${"{% for a in s %}".repeat(8)}{{ a }}${"{% endfor %}".repeat(8)}`;
  assert.throws(() => renderTemplate(loop, { s: "x".repeat(50) }), /too many steps|longer than/);
  const doubling = `{% set x = s %}${'{% set x = x|split:"a"|join:x %}'.repeat(20)}{{ x }}`;
  assert.throws(() => renderTemplate(doubling, { s: "a".repeat(100) }), /longer than/);
  assert.throws(() => renderTemplate(`{{ s${"|addslashes".repeat(40)}|length }}`, { s: '"' }), /longer than/);
  assert.throws(
    () => renderTemplate("{% set x = s %}".concat("{% set x = x|add:x %}".repeat(40)), { s: "a" }),
    /longer than/,
  );
  assert.throws(() => render("{{ 'a'|ljust:99999999 }}{{ 1 / 0 }}"), /longer than/);
  assert.throws(() => render("{{ 1 / 0 }}"), /divides by zero/);
  assert.throws(() => render("{% comment %}"), /"endcomment" is missing/);
  assert.throws(() => render(`{{ ${"(".repeat(900)}1${")".repeat(900)} }}`), /nested too deeply/);
  assert.throws(() => render(`${"{% if 1 %}".repeat(60)}${"{% endif %}".repeat(60)}`), /nested too deeply/);
  assert.throws(() => render(`{{ s${"|upper".repeat(5000)} }}`), /more than 2000 words/);
  assert.throws(() => render(`{{ s${".a".repeat(5000)} }}`), /more than 2000 words/);
  const large = { s: "x".repeat(1_000_000) };
  assert.throws(() => renderTemplate("{% if s|upper == 'y' %}{% endif %}".repeat(1000), large), /too many steps/);
  assert.throws(() => renderTemplate(`{{ s${"|upper".repeat(900)}|length }}`, large), /too many steps/);
  const names = Array.from({ length: 20_000 }, (_, index) => `{% set n${index} = 1 %}`).join("");
  const before = process.cpuUsage();
  assert.throws(() => renderTemplate(`${names}{% for a in s %}{% endfor %}`, large), /too many steps/);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 3_000_000, `each turn pays for the names that it copies: ${user} µs`);
  const map = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`user.${index}`, "x".repeat(100)]));
  assert.throws(
    () => renderTemplate("{% for a in s %}{% if map == a %}{% endif %}{% endfor %}", { ...large, map }),
    /too many steps/,
  );
});

test("a malformed template is refused with the reason", () => {
  const wrong: [string, RegExp][] = [
    ["{{ a", /not closed by "}}"/],
    ["{% if a %}", /"endif" is missing/],
    ["{% include 'x' %}", /the tag "include" is not known/],
    ["{{ a|evil }}", /the filter "evil" is not known/],
    ["{{ a b }}", /"b" is out of place/],
    ["{{ a; }}", /is not understood/],
    ["{{ container.name() }}", /calls what is not a function/],
  ];
  for (const [template, message] of wrong) assert.throws(() => render(template), message);
});

test("the files of a trigger are rendered, others left alone", () => {
  const template = { when: ["create", "copy"] as ("create" | "copy")[], create_only: false, properties: {} };
  const image = {
    metadata: {
      architecture: "x86_64",
      creation_date: 0,
      expiry_date: 0,
      properties: {},
      templates: {
        "/etc/hostname": { ...template, template: "h.tpl" },
        "/etc/started": { ...template, when: ["start" as const], template: "s.tpl", create_only: true },
      },
    },
    templates: { "h.tpl": "{{ container.name }}", "s.tpl": "{{ trigger }}" },
  };
  assert.deepEqual(renderFiles(image, "copy", subject), [
    { innerPath: "/etc/hostname", content: "web", createOnly: false },
  ]);
  assert.deepEqual(renderFiles(image, "start", subject), [
    { innerPath: "/etc/started", content: "start", createOnly: true },
  ]);
});
