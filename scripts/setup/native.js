"use strict";
// Step: bothy-cell and its seccomp programs, by native/Makefile.

const fs = require("node:fs");
const path = require("node:path");
const { outputOf, run } = require("./run.js");

module.exports = {
  purposes: ["build", "run", "test"],
  label: "Building bothy-cell",

  needed({ root }) {
    const folder = path.join(root, "native");
    return fs.existsSync(path.join(folder, "Makefile")) && outputOf("make", ["-q", "-C", folder]) === undefined;
  },

  async run(context, progress) {
    await run("make", ["-C", path.join(context.root, "native")], {
      env: context.env(),
      onLine: (line) => progress.detail(line),
    });
  },
};
