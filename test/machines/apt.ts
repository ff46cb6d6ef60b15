/** Apt: a package of a repository that a machine has on its own disk is installed, upgraded and removed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Machine } from "./machine";

const name = "bothy-tried";

/** What a maintainer's script does: a user, and a file of that user's. */
const postinst = `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent passwd tried > /dev/null || useradd --system tried
install -d -o tried -m 0750 /var/lib/tried
`;

/** Packs a package. @returns its bytes and its stanza in the index of a repository (dpkg-scanpackages(1)) */
function packed(folder: string, version: string): { readonly bytes: Buffer; readonly stanza: string } {
  const tree = path.join(folder, version);
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: Tests <root@localhost>\nDescription: tried by a test\n`;
  mkdirSync(path.join(tree, "DEBIAN"), { recursive: true });
  mkdirSync(path.join(tree, "usr/bin"), { recursive: true });
  writeFileSync(path.join(tree, "DEBIAN/control"), control);
  writeFileSync(path.join(tree, "DEBIAN/postinst"), postinst, { mode: 0o755 });
  writeFileSync(path.join(tree, "usr/bin/tried"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  const file = path.join(folder, `${version}.deb`);
  execFileSync("dpkg-deb", ["--root-owner-group", "--build", tree, file], { stdio: "ignore" });
  const bytes = readFileSync(file);
  const sum = createHash("sha256").update(bytes).digest("hex");
  return { bytes, stanza: `${control}Filename: ./${version}.deb\nSize: ${bytes.length}\nSHA256: ${sum}\n` };
}

/** The machine runs. Its own sources are left out: they lie beyond a network that it has no way into. */
export async function useApt(machine: Machine): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-apt-"));
  const sources = "-o Dir::Etc::sourcelist=/srv/packages/sources.list -o Dir::Etc::sourceparts=-";
  const apt = (words: string) => machine.run(`DEBIAN_FRONTEND=noninteractive apt-get -qq ${sources} ${words} 2>&1`);
  try {
    await machine.run("mkdir -p /srv/packages");
    const put = (file: string, content: string | Buffer) =>
      machine.client.putFile(machine.name, `/srv/packages/${file}`, content, { mode: 0o644 });
    await put("sources.list", "deb [trusted=yes] file:/srv/packages ./\n");
    for (const version of ["1.0", "2.0"]) {
      const { bytes, stanza } = packed(folder, version);
      await put(`${version}.deb`, bytes);
      await put("Packages", stanza);
      await apt("update");
      await apt(version === "1.0" ? `install ${name}` : "upgrade");
      assert.equal(await machine.run("tried"), version);
    }
    assert.equal(await machine.run("stat --format='%U %a' /var/lib/tried"), "tried 750");
    await apt(`purge ${name}`);
    assert.equal(await machine.run("command -v tried || echo gone; dpkg --audit"), "gone");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
