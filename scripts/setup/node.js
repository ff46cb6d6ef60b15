"use strict";
// Step: the Node that runs everything else. npm's platform packages carry the program itself, so npm and its lock file
// are all that is needed. A Node that is new enough may run the demo; tests and releases always get the pinned one.

const fs = require("node:fs");
const path = require("node:path");
const { buildingFolder, moveIntoPlace } = require("./context.js");
const { npm } = require("./npm.js");
const { isAtLeast } = require("./version.js");

/** The oldest Node that Bothy promises to run on (package.json, engines). */
const MINIMUM_NODE = "22.19.0";

function pinned(context) {
  const name = `node-linux-${process.arch}`;
  const source = path.join(context.root, "scripts/toolchain");
  const version = JSON.parse(fs.readFileSync(path.join(source, "package.json"), "utf8")).optionalDependencies[name];
  const toolchain = path.join(context.root, ".toolchain");
  const folder = path.join(toolchain, `node-${version}`);
  return { name, source, version, toolchain, folder, bin: path.join(folder, "node_modules", name, "bin") };
}

/** Tells whether a Node of this version will do without the pinned one. */
function isGoodEnough(version, purpose) {
  return purpose !== "test" && purpose !== "release" && isAtLeast(version, MINIMUM_NODE);
}

/** Points .toolchain/bin, where bin/launch.sh looks, at the pinned Node, and lets the rest of set-up use it. */
function use(context, { toolchain, bin }) {
  const link = path.join(toolchain, "bin");
  const target = path.relative(toolchain, bin);
  if (!fs.existsSync(link) || fs.readlinkSync(link) !== target) {
    const fresh = `${link}.${process.pid}`;
    fs.symlinkSync(target, fresh);
    fs.renameSync(fresh, link);
  }
  context.node = path.join(bin, "node");
  context.addBin(link);
}

module.exports = {
  MINIMUM_NODE,
  isGoodEnough,
  purposes: ["build", "run", "test", "release", "sdks"],
  label: "Installing Node 24 from npm",

  /** Uses what is there. @returns whether the pinned Node has to be installed */
  needed(context) {
    const node = pinned(context);
    if (fs.existsSync(path.join(node.bin, "node"))) {
      use(context, node);
      return false;
    }
    if (!isGoodEnough(process.version, context.purpose)) return true;
    context.addBin(path.dirname(process.execPath));
    return false;
  },

  /** Installs the pinned Node into .toolchain/node-<version>. @throws Error where npm has none for this machine */
  async run(context, progress) {
    const node = pinned(context);
    if (!node.version)
      throw new Error(
        `Cannot install Node: npm carries none for the architecture "${process.arch}". Put Node ${MINIMUM_NODE} or newer on PATH.`,
      );
    const building = buildingFolder(node.toolchain, `node-${node.version}`);
    for (const file of ["package.json", "package-lock.json"])
      fs.copyFileSync(path.join(node.source, file), path.join(building, file));
    await npm(context, ["ci", "--ignore-scripts", "--include=optional"], building, progress);
    moveIntoPlace(building, node.folder);
    use(context, node);
  },
};
