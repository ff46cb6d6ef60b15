/** The sources of the Debian template, and a build that is cancelled; test/e2e/debian.test.ts builds it to the end. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { hostSources, parseDeb822, parseOneLine } from "../../daemon/kinds/image/build/apt";
import { mirrorSources } from "../../daemon/kinds/image/build/mmdebstrap";
import { readTemplate } from "../../daemon/kinds/image/templates/template";
import { processText } from "../support/process";
import { requireFeature } from "../support/require";
import { asOperation, withImages } from "./image-scene";

const skip = requireFeature("debian", existsSync("/usr/bin/mmdebstrap"));

test("package sources are read in both of apt's forms, and only those of the wanted release", async () => {
  const oneLine = parseOneLine(
    "# deb http://a/no x main\ndeb [arch=amd64 signed-by=/k.gpg] http://a/debian bookworm main contrib # note\ndeb-src http://a/debian bookworm main\n",
  );
  assert.deepEqual(oneLine, [
    { uri: "http://a/debian", suite: "bookworm", components: ["main", "contrib"], signedBy: "/k.gpg" },
  ]);
  const deb822 = parseDeb822(
    "Types: deb deb-src\n# note\nURIs: http://a/debian\n http://b/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By:\n -----BEGIN\n\nTypes: deb\nEnabled: no\nURIs: http://c\nSuites: s\nComponents: main\n",
  );
  assert.deepEqual(
    deb822.map(({ uri, suite, signedBy }) => [uri, suite, signedBy]),
    [
      ["http://a/debian", "bookworm", undefined],
      ["http://a/debian", "bookworm-updates", undefined],
      ["http://b/debian", "bookworm", undefined],
      ["http://b/debian", "bookworm-updates", undefined],
    ],
  );
  if (!existsSync("/usr/bin/apt-config")) return;
  const { sources } = await hostSources("no-such-release", ["no-such-component"]);
  assert.equal(sources, "");
});

test("a template of another distribution has its own archive with its updates, and needs that archive's keys", () =>
  withImages(async (scene) => {
    const { definition } = await readTemplate("ubuntu/24.04", ["templates"]);
    assert.deepEqual(
      mirrorSources(definition)
        ?.split("\n")
        .map((line) => line.replace(/\[signed-by=[^\]]*\]/, "KEYS")),
      [
        "deb KEYS http://archive.ubuntu.com/ubuntu noble main universe",
        "deb KEYS http://archive.ubuntu.com/ubuntu noble-updates main universe",
        "deb KEYS http://archive.ubuntu.com/ubuntu noble-security main universe",
        "",
      ],
    );
    const folder = path.join(scene.home.dirs.root, "templates");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "foreign.yaml"), "extends: ubuntu/24.04\nkeyring: /no/other-archive-keyring.gpg\n");
    const { error } = await asOperation(scene.home, (running) =>
      scene.images.fromTemplate("default", "foreign", running),
    );
    assert.match(String(error), /no \/no\/other-archive-keyring\.gpg.*package is "other-keyring"/);
    assert.deepEqual(scene.leftovers(), []);
  }));

test("a cancelled build ends its programs and leaves nothing", { skip }, () =>
  withImages(async (scene) => {
    const operation = await asOperation(scene.home, async (running) => {
      const building = scene.images.fromTemplate("default", "debian/12", running);
      const [folder] = await untilThere(() => readdirSync(scene.home.dirs.scratch));
      await untilThere(() => readdirSync(path.join(scene.home.dirs.scratch, folder!)));
      running.cancel();
      await building;
    });
    assert.equal(operation.render().status, "Cancelled");
    await untilThere(() => (scene.leftovers().length === 0 ? ["gone"] : []));
    const users = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => commandOf(pid).includes(scene.home.dirs.root));
    assert.deepEqual(users, []);
  }),
);

/** Looks every few milliseconds; the runner's own limit ends a wait that is in vain. */
async function untilThere(look: () => string[]): Promise<string[]> {
  for (;;) {
    const found = look();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const commandOf = (pid: string) => processText(pid, "cmdline");
