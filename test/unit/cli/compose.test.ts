/** import-compose: what a compose file becomes, and what is said of the rest. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { UsageError } from "../../../cli/command";
import { readCompose } from "../../../cli/compose/file";
import { programOf } from "../../../cli/compose/program";
import { containerRules } from "../../../provider/core/kinds/container/inputs";
import { programFolder, repository } from "../../provider/support/program";
import { blockOf, blocksOf } from "../../support/page";

const page = "from-docker-compose.md";
const made = (yaml: string) => programOf(readCompose(yaml, "compose.yaml"), "compose.yaml");
const service = (lines: string) => made(`services:\n  app:\n    image: app\n    ${lines}\n`);

test("the program of the page is what the page's file becomes, and TypeScript takes it", () => {
  const title = "Made of compose.yaml by bothy import-compose.";
  const { text } = made(blockOf(page, "compose.yaml"));
  assert.equal(text, `// ${title}\n${blocksOf(page)[title]}`);
  using folder = programFolder();
  writeFileSync(path.join(folder.path, "index.ts"), text);
  const compiler = path.join(repository, "node_modules/typescript-7/bin/tsc");
  const words = ["--noEmit", "--strict", "--skipLibCheck", "--types", "node", "--target", "es2022"];
  const roots = ["--module", "nodenext", "--typeRoots", path.join(repository, "node_modules/@types"), "index.ts"];
  execFileSync(process.execPath, [compiler, ...words, ...roots], { cwd: folder.path, stdio: "inherit" });
});

test("each key becomes what says the same here", () => {
  const cases: [string, RegExp][] = [
    ["restart: always", /restartPolicy: "always"/],
    ["mem_limit: 512m", /limits: \{ memory: "512MiB" \}/],
    ["cpus: 2", /limits: \{ cpus: "2" \}/],
    ['ports: ["53:53/udp"]', /ports: \[\{ host: 53, container: 53, protocol: "udp" \}\]/],
    ['ports: ["8000-8001:80-81"]', /host: 8000, container: 80 \}, \{ host: 8001, container: 81 \}/],
    ["ports: [{ target: 80, published: 8080, host_ip: 127.0.0.1 }]", /host: 8080, container: 80, hostAddress: "127/],
    ["tmpfs: /run", /devices: \{ "tmpfs-run": \{ type: "disk", source: "tmpfs:", path: "\/run" \} \}/],
    ["network_mode: none", /devices: \{ eth0: \{ type: "none" \} \}/],
    ["entrypoint: [a, b c]\n    command: d 'e f'", /"oci.entrypoint": "a 'b c' d 'e f'"/],
    ["working_dir: /srv", /"oci.cwd": "\/srv"/],
    ['user: "1000:50"', /"oci.uid": "1000", "oci.gid": "50"/],
    ["environment: [A=b=c, D]", /"environment.A": "b=c", "environment.D": process.env.D \?\? ""/],
    ["environment: { COST: 5$$ }", /"environment.COST": "5\$"/],
    [`environment: { A: 'x\${B-c}y' }`, /"environment.A": `x\$\{process.env.B \?\? "c"\}y`/],
    ["healthcheck: { test: [CMD, true] }", /wait: \{ command: \["true"\] \}/],
    ["healthcheck: { test: [NONE] }", /^(?!.*wait)/s],
    [
      "image: ghcr.io/team/app:1",
      /remote add ghcr-io https:\/\/ghcr.io --protocol oci\n.*image: "ghcr-io:team\/app:1"/s,
    ],
    ["image: docker.io/library/redis", /image: "docker:redis"/],
    [
      "volumes: [{ type: bind, source: /a, target: /b, read_only: true }]",
      /source: "\/a", path: "\/b", readonly: true/,
    ],
  ];
  for (const [lines, expected] of cases)
    assert.match(
      made(`services:\n  app:\n    ${lines.startsWith("image") ? "" : "image: app\n    "}${lines}\n`).text,
      expected,
    );
});

test("what has no counterpart is told above the object that it was of", () => {
  const cases: [string, RegExp][] = [
    ["logging: { driver: none }", /^\/\/ logging: left out; the console's log/m],
    ["x-mine: 1", /^(?!.*x-mine)/s],
    ["some_future_key: 1", /^\/\/ some_future_key: left out$/m],
    ["deploy: { replicas: 2 }", /^\/\/ deploy: left out; only/m],
    ['ports: ["80"]', /^\/\/ ports "80": name one port/m],
    ["volumes: [/data]", /^\/\/ volumes \/data: it is a folder of the container's own/m],
    ["volumes: [gone:/data]", /^\/\/ volumes "gone:\/data": no such volume/m],
    ["restart: on-failure", /^\/\/ restart on-failure/m],
    ["user: www-data", /^\/\/ user www-data: say it by numbers/m],
    ["command: serve", /^\/\/ command: if the image has an ENTRYPOINT/m],
  ];
  for (const [lines, expected] of cases) assert.match(service(lines).text, expected);
  assert.equal(service("restart: always").notes, 0);
  assert.match(made("services: {}\ninclude: [other.yaml]\n").text, /^\/\/ include: left out; have it resolved/m);
  assert.match(made("services: {}\nnetworks: { a: { internal: true } }\n").text, /^\/\/ internal: left out; see/m);
});

test("a file that cannot be read is refused by what is wrong in it", () => {
  const cases: [string, RegExp][] = [
    ["services: [", /Cannot read "compose.yaml": .*line 1/s],
    ["version: '3'", /services: /],
    ["services: { app: {} }", /service "app": it has neither image nor build/],
    ["services: { a: { image: x, depends_on: [a] } }", /services a, a depend on each other/],
    ["services: { a: { image: x, depends_on: [b] } }", /service "b", which is not there/],
    ["services: { a: { image: x, networks: [b] } }", /network "b"/],
    [`services: { a: { image: 'x:\${NOWHERE_SET}' } }`, /environment has no NOWHERE_SET/],
    ["services: { a: { image: 'x$' } }", /write a dollar sign as "\$\$"/],
    ["services: { a_b: { image: x }, a.b: { image: x } }", /service "a.b": give it a container_name/],
    ["services: { a: { image: x, ports: 80 } }", /services.a.ports/],
  ];
  for (const [yaml, expected] of cases)
    assert.throws(
      () => made(yaml),
      (error) => error instanceof UsageError && expected.test(error.message),
      yaml,
    );
});

test("what is printed passes the provider's own check", () => {
  const { text } = service('ports: ["8080:80"]\n    tmpfs: /run\n    command: [a, "it\'s"]\n    environment: { A: b }');
  const [, words = ""] = /Container\("app", (.*)\);\n$/s.exec(text) ?? [];
  const inputs = new Function("defaultNetwork", `return ${words}`)("default") as Record<string, unknown>;
  assert.deepEqual(containerRules(inputs), []);
  assert.equal((inputs.config as Record<string, string>)["oci.entrypoint"], "a 'it'\\''s'");
});
