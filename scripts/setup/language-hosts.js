"use strict";
// Step: the hosts of Python and Go programs, and Pulumi for Python, for the tests that run such programs by the plugin. Hosts
// of today are published in no module of their own, so these are of the last release of the sdk module that held them, as that
// of Node is (engine-build.js); they run today's SDKs. They cannot write packages, which sdk-gen.js does.
// A Pulumi that was downloaded has hosts beside it. The tests go on without them, and say so; CI forbids that.

const fs = require("node:fs");
const path = require("node:path");
const { bring } = require("./cached.js");
const { which } = require("./context.js");
const { goBuild, requiredVersion } = require("./go.js");
const { bringEnvironment, environmentOf, interpreterOf } = require("./python.js");
const { outputOf } = require("./run.js");

const MODULE = "github.com/pulumi/pulumi/sdk/v3";
const TARGETS = [`${MODULE}/go/pulumi-language-go`, `${MODULE}/python/cmd/pulumi-language-python`];
/** What the host of Python starts programs by; it lies beside the host's source. */
const STARTER = "python/cmd/pulumi-language-python-exec";
const PARTS = [...TARGETS, STARTER].map((part) => path.basename(part));
const ENVIRONMENT = "pulumi-python";

const sources = (root) => path.join(root, "scripts/engine/language-hosts");

/** The folder that has the hosts, once they were brought. */
const hostsFolder = ({ root, cache }) => path.join(cache, "language-hosts", requiredVersion(sources(root), MODULE));

/** The folder with a Python that has Pulumi, once it was brought. */
const pythonFolder = ({ cache }) => path.join(environmentOf(cache, ENVIRONMENT), "bin");

const hasHosts = (context) =>
  PARTS.every((part) => which(part)) || PARTS.every((part) => fs.existsSync(path.join(hostsFolder(context), part)));

const hasPython = ({ cache }) => fs.existsSync(interpreterOf(cache, ENVIRONMENT));

const bringHosts = (context, progress) =>
  bring(hostsFolder(context), async (building) => {
    const cwd = sources(context.root);
    await goBuild(cwd, `${building}/`, TARGETS, progress);
    const starter = path.join(building, path.basename(STARTER));
    const module = outputOf("go", ["list", "-m", "-f", "{{.Dir}}", MODULE], { cwd }).trim();
    fs.copyFileSync(path.join(module, STARTER), starter);
    fs.chmodSync(starter, 0o755);
  });

module.exports = {
  PARTS,
  hostsFolder,
  pythonFolder,
  purposes: ["test"],
  label: "Bringing the hosts of Python and Go programs",

  needed: (context) => !hasHosts(context) || !hasPython(context),

  async run(context, progress) {
    try {
      if (!hasHosts(context)) await bringHosts(context, progress);
      if (!hasPython(context)) await bringEnvironment(context.cache, ENVIRONMENT, progress);
    } catch (error) {
      progress.note(`${error.message.split("\n")[0]} Its tests are skipped.`);
    }
  },
};
