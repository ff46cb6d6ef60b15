/** Documents and comments cite only what is there. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

const files = globSync("**/*.{ts,js,json,md,yaml,c,h,mod}", {
  cwd: packageRoot,
  exclude: ["**/node_modules", "**/build", "dist", ".toolchain", "release", "docs/sdk.md"],
});
const textOf = (file: string) => readFileSync(path.join(packageRoot, file), "utf8");
const pages = files.filter((file) => file.endsWith(".md"));

test("every relative link of a document leads to a file or folder", () => {
  const broken = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(path.join(packageRoot, path.dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test("no line of a document is longer than 100 columns, but for tables and code", () => {
  const widest = 100;
  const long = pages.flatMap((page) => {
    let isCode = false;
    return textOf(page)
      .split("\n")
      .flatMap((line, index) => {
        if (/^ *```/.test(line)) isCode = !isCode;
        const isProse = !isCode && !/^( {4}| *\|)/.test(line);
        return isProse && line.length > widest ? [`${page}:${index + 1}: ${line.length} columns`] : [];
      });
  });
  assert.deepEqual(long, []);
});

/** Pages that a release makes and git does not hold. */
const made = ["docs/sdk.md", "sdk.md", "RELEASE.md", "release/RELEASE.md"];

test("every page that a comment cites exists", () => {
  const sources = files.filter((file) => /\.(ts|js|c|h|md)$/.test(file));
  const isThere = (page: string) =>
    made.includes(page) || ["", "docs"].some((folder) => existsSync(path.join(packageRoot, folder, page)));
  const missing = sources.flatMap((file) =>
    [...textOf(file).matchAll(/(?<![\w./-])((?:[a-z][\w.-]*\/)*[a-zA-Z][\w.-]*\.md)\b/g)]
      .map(([, page = ""]) => page)
      .filter((page) => !isThere(page) && !isThere(path.join(path.dirname(file), page)))
      .map((page) => `${file}: ${page}`),
  );
  assert.deepEqual(missing, []);
});

test("no file names a path of one machine or the host of a package registry", () => {
  const secretive = /(?<![\w./])\/(?:work|tmp\/n24)\/|\/registry\.|\bregistry\.(?:npm|yarn)|proxy\.golang|deb\.debian/;
  const named = files.filter(
    (file) => /\.(ts|js|json|md|ya?ml|c|h|mod)$/.test(file) && file !== "test/unit/lint/documents.test.ts",
  );
  assert.deepEqual(
    named.filter((file) => secretive.test(textOf(file))),
    [],
  );
});

test("the lock file leaves the registry to whoever installs", () => {
  for (const file of files.filter((name) => path.basename(name) === "package-lock.json"))
    assert.doesNotMatch(textOf(file), /"resolved"/, file);
});
