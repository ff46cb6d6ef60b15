"use strict";
// Step: the host of YAML programs, for the test that runs one by the plugin, built from its Go module below the user's cache.
// A Pulumi that was downloaded has one beside it. The tests go on without it, and say so; CI forbids that.

const fs = require("node:fs");
const path = require("node:path");
const { buildingFolder, moveIntoPlace, which } = require("./context.js");
const { outputOf, run } = require("./run.js");
const { isAtLeast } = require("./version.js");

const HOST = "pulumi-language-yaml";
const COMMAND = `github.com/pulumi/pulumi-yaml/cmd/${HOST}`;
const MODULE = "scripts/engine/language-yaml";

const goMod = (root) => fs.readFileSync(path.join(root, MODULE, "go.mod"), "utf8");

/** The version that the module file names. */
const versionOf = (root) => /pulumi-yaml v(\S+)/.exec(goMod(root))[1];

/** The folder that has the host, once it was brought. */
const hostFolder = ({ root, cache }) => path.join(cache, "yaml-host", versionOf(root));

async function build({ root, cache }, folder, progress) {
  const cwd = path.join(root, MODULE);
  const minimum = /^go (\S+)$/m.exec(goMod(root))[1];
  if (!which("go") || !isAtLeast(outputOf("go", ["env", "GOVERSION"], { cwd }) ?? "", minimum))
    throw new Error(`Cannot build ${HOST}: that needs Go ${minimum} or newer.`);
  const building = buildingFolder(path.join(cache, "yaml-host"), path.basename(folder));
  try {
    let compiled = 0;
    const output = path.join(building, HOST);
    await run("go", ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", output, COMMAND], {
      cwd,
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
      onLine: (line) => progress.detail(line.startsWith("go: ") ? line.slice(4) : `${++compiled} packages compiled`),
    });
    moveIntoPlace(building, folder);
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

module.exports = {
  hostFolder,
  purposes: ["test"],
  label: "Bringing the host of YAML programs",

  needed(context) {
    if (which(HOST, context.env().PATH)) return false;
    const folder = hostFolder(context);
    if (!fs.existsSync(path.join(folder, HOST))) return true;
    context.addBin(folder);
    return false;
  },

  async run(context, progress) {
    const folder = hostFolder(context);
    try {
      await build(context, folder, progress);
      context.addBin(folder);
    } catch (error) {
      progress.note(`${error.message.split("\n")[0]} Its test is skipped.`);
    }
  },
};
