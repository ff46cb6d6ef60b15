"use strict";
// Step: what builds bothy-cell for the other architecture of a release. The tests go on without it: the one that makes a
// release says what is missing.

const fs = require("node:fs");
const { install, missingPackages } = require("./debian.js");
const { bringMusl, muslFolder } = require("./musl.js");

/** Those of a release: the kernel's name to Node's and Debian's. */
const ARCHITECTURES = {
  x86_64: { node: "x64", debian: "amd64" },
  aarch64: { node: "arm64", debian: "arm64" },
};

/** The architectures of a release that are not this machine's. */
const foreign = () => Object.keys(ARCHITECTURES).filter((name) => ARCHITECTURES[name].node !== process.arch);

/** Tells whether everything is here to build for all architectures of a release. @param context of makeContext */
const hasCross = (context) =>
  Object.values(ARCHITECTURES).some(({ node }) => node === process.arch) &&
  missingPackages("cross").length === 0 &&
  foreign().every((name) => fs.existsSync(muslFolder(context, name)));

async function bring(context, progress) {
  if (foreign().length === Object.keys(ARCHITECTURES).length)
    throw new Error(`Cannot make a release on a machine of architecture "${process.arch}". Use one of x64 or arm64.`);
  const missing = missingPackages("cross");
  if (missing.length > 0) await install(missing, progress);
  for (const name of foreign())
    if (!fs.existsSync(muslFolder(context, name))) await bringMusl(context, name, ARCHITECTURES[name].debian, progress);
}

module.exports = {
  ARCHITECTURES,
  hasCross,
  purposes: ["test", "release"],
  label: "Installing a cross compiler",

  needed: (context) => !hasCross(context),

  /** @throws Error for a release that cannot be made; tests are told in a line */
  async run(context, progress) {
    try {
      await bring(context, progress);
    } catch (error) {
      if (context.purpose !== "test") throw error;
      progress.note(`${error.message.split("\n")[0]} No release is tried.`);
    }
  },
};
