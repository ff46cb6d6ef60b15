"use strict";
// Step: compiles examples/go once, for the test that has the engine run it. Pulumi's SDK for Go takes minutes the first time;
// Go keeps what it has compiled, so that the test only compiles what differs.

const fs = require("node:fs");
const path = require("node:path");
const { bring, digestOf } = require("./cached.js");
const { goBuild } = require("./go.js");
const { run } = require("./run.js");
const { generatorOf } = require("./sdk-gen.js");

const example = (root) => path.join(root, "examples/go");

/** A folder that says that this was done, for these versions. */
const done = ({ root, cache }) => path.join(cache, "go-example", digestOf([path.join(example(root), "go.sum")]));

module.exports = {
  purposes: ["test"],
  label: "Compiling Pulumi for Go",

  needed: (context) => !fs.existsSync(done(context)) && fs.existsSync(generatorOf(context)),

  async run(context, progress) {
    const { root } = context;
    try {
      await bring(done(context), async (building) => {
        const sdks = path.join(building, "sdks");
        fs.cpSync(example(root), building, { recursive: true });
        await run(generatorOf(context), [path.join(root, "schema.json"), "0.0.0", sdks, "go"]);
        fs.renameSync(path.join(sdks, "go"), path.join(sdks, "bothy"));
        await goBuild(building, "/dev/null", ["."], progress);
        for (const name of fs.readdirSync(building)) fs.rmSync(path.join(building, name), { recursive: true });
      });
    } catch (error) {
      progress.note(`${error.message.split("\n")[0]} The test compiles it.`);
    }
  },
};
