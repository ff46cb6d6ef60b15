"use strict";
// Step: the host of YAML programs, for the test that runs one by the plugin, built from its Go module below the user's cache.
// A Pulumi that was downloaded has one beside it. The tests go on without it, and say so; CI forbids that.

const fs = require("node:fs");
const path = require("node:path");
const { bring } = require("./cached.js");
const { which } = require("./context.js");
const { goBuild, requiredVersion } = require("./go.js");

const HOST = "pulumi-language-yaml";
const MODULE = "github.com/pulumi/pulumi-yaml";
const COMMAND = `${MODULE}/cmd/${HOST}`;

const sources = (root) => path.join(root, "scripts/engine/language-yaml");

/** The folder that has the host, once it was brought. */
const hostFolder = ({ root, cache }) => path.join(cache, "yaml-host", requiredVersion(sources(root), MODULE));

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
      await bring(folder, (building) => goBuild(sources(context.root), path.join(building, HOST), [COMMAND], progress));
      context.addBin(folder);
    } catch (error) {
      progress.note(`${error.message.split("\n")[0]} Its test is skipped.`);
    }
  },
};
