// npm run release: the package for all architectures, its sums and its note, made in a copy of the tree.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { checkedOut, copyTree, hasTag } from "./release/checkout";
import { buildNative } from "./release/native";
import { changesOf, noteOf } from "./release/notes";
import { buildPrograms, checkPackage, pack, sumsOf, wantedFiles } from "./release/package";
import { refusalOf, type Wish } from "./release/refusal";
import { architectures, muslOf, repository, workFolder } from "./release/setup";
import { execute } from "./vm/execute";

const usage = `Usage: npm run release -- [VERSION] [--output FOLDER] [--allow-dirty] [--allow-tag]

  VERSION          what package.json must say; it is not changed
  --output FOLDER  where package, sums and note go; release/ when absent. What is there under the same names is replaced
  --allow-dirty    takes what is not committed into the release too
  --allow-tag      makes a version again that has a tag
`;

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** @param output folder for what is made @throws Error that says what is wrong with the tree or with what was made of it */
async function release(wish: Wish, output: string): Promise<void> {
  const { version, engines } = JSON.parse(readFileSync(path.join(repository, "package.json"), "utf8")) as Manifest;
  const { commit, isDirty } = await checkedOut();
  const refusal = refusalOf(wish, { version, isDirty, hasTag: await hasTag(`v${version}`) });
  if (refusal !== undefined) throw new Error(refusal);
  const changes = changesOf(readFileSync(path.join(repository, "CHANGELOG.md"), "utf8"), version);
  const work = workFolder();
  try {
    const tree = path.join(work, "tree");
    mkdirSync(tree);
    await copyTree(tree);
    for (const architecture of architectures.keys()) console.log(await buildNative(tree, architecture));
    await buildPrograms(tree);
    console.log("programs and libraries");
    await execute(process.execPath, ["dist/scripts/docs-sdk.js"], { cwd: tree });
    console.log("docs/sdk.md");
    const archive = await pack(tree, work);
    const secret = [repository, ...[...architectures.keys()].map(muslOf)];
    await checkPackage(archive, path.join(work, "look"), wantedFiles(architectures.keys()), secret);
    const names = [...architectures.keys()];
    const made = isDirty ? `${commit}, with changes` : commit;
    const facts = { version, commit: made, archive: path.basename(archive), architectures: names, node: engines.node };
    const note = path.join(work, "RELEASE.md");
    writeFileSync(note, noteOf(facts, changes));
    const page = path.join(tree, "docs/sdk.md");
    const sums = path.join(work, "SHA256SUMS");
    writeFileSync(sums, sumsOf([archive, note, page]));
    mkdirSync(output, { recursive: true });
    for (const file of [archive, note, page, sums]) copyFileSync(file, path.join(output, path.basename(file)));
    console.log(`\n${readFileSync(sums, "utf8")}\nBothy ${version} lies in ${output}.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: "string", default: path.join(repository, "release") },
      "allow-dirty": { type: "boolean", default: false },
      "allow-tag": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || positionals.length > 1) {
    process.stdout.write(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const { "allow-dirty": allowDirty, "allow-tag": allowTag } = values;
  await release({ asked: positionals[0], allowDirty, allowTag }, path.resolve(values.output));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
