"use strict";
// Step: the program that writes the packages of other languages from schema.json (scripts/sdk-gen), below the user's cache.
// The tests go on without it, and say so; CI forbids that.

const fs = require("node:fs");
const path = require("node:path");
const { bring, digestOf } = require("./cached.js");
const { goBuild } = require("./go.js");

const sources = (root) => path.join(root, "scripts/sdk-gen");

/** The program, once it was built. Another source is another folder. */
function generatorOf({ root, cache }) {
  const folder = sources(root);
  const files = fs.readdirSync(folder).sort();
  return path.join(cache, "sdk-gen", digestOf(files.map((name) => path.join(folder, name))), "sdk-gen");
}

module.exports = {
  generatorOf,
  purposes: ["test", "sdks"],
  label: "Building what writes packages for other languages",

  needed: (context) => !fs.existsSync(generatorOf(context)),

  async run(context, progress) {
    const program = generatorOf(context);
    try {
      await bring(path.dirname(program), (building) =>
        goBuild(sources(context.root), path.join(building, path.basename(program)), ["."], progress),
      );
    } catch (error) {
      if (context.purpose !== "test") throw error;
      progress.note(`${error.message.split("\n")[0]} Its tests are skipped.`);
    }
  },
};
