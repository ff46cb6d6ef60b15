"use strict";
// Step: TypeScript to dist/. The compiler is incremental and decides itself what is left to do, in half a second.

const path = require("node:path");
const { run } = require("./run.js");

module.exports = {
  purposes: ["build", "run", "test", "release", "sdks"],
  label: "Compiling TypeScript",

  needed: () => true,

  async run(context) {
    const compiler = path.join(context.root, "node_modules/typescript-7/bin/tsc");
    await run(context.node, [compiler, "-p", "tsconfig.json"], { cwd: context.root, env: context.env() });
  },
};
