"use strict";
// Step: a Pulumi engine, which is the CLI, the language host for Node and the launcher of dynamic providers in one folder.
// The ladder: one on PATH; one in the user's cache; the official download; a build from Go modules.

const fs = require("node:fs");
const path = require("node:path");
const { buildingFolder, moveIntoPlace, which } = require("./context.js");
const { buildEngine } = require("./engine-build.js");
const { downloadEngine } = require("./engine-download.js");
const { outputOf } = require("./run.js");
const { isAtLeast } = require("./version.js");

/** The version that is downloaded or built, and the oldest that is taken from PATH: the one the tests have run with. */
const ENGINE_VERSION = "3.250.0";
const PARTS = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

function isComplete(folder) {
  return PARTS.every((part) => fs.existsSync(path.join(folder, part)));
}

/** Finds an engine on PATH that is whole and new enough. @returns its folder, or undefined */
function engineOnPath(searchPath = process.env.PATH) {
  const file = which("pulumi", searchPath);
  if (!file) return undefined;
  const folder = path.dirname(fs.realpathSync(file));
  if (!isComplete(folder)) return undefined;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return isAtLeast(outputOf(file, ["version"], { env }) ?? "", ENGINE_VERSION) ? folder : undefined;
}

module.exports = {
  ENGINE_VERSION,
  PARTS,
  engineOnPath,
  purposes: ["run", "test"],
  label: `Getting Pulumi ${ENGINE_VERSION}`,

  needed(context) {
    const cached = path.join(context.cache, "engine", ENGINE_VERSION);
    const folder = engineOnPath() ?? (isComplete(cached) ? cached : undefined);
    if (folder) context.addBin(folder);
    return folder === undefined;
  },

  /** Downloads the engine into the user's cache, or builds it there when the download is refused or out of reach. */
  async run(context, progress) {
    const parent = path.join(context.cache, "engine");
    const building = buildingFolder(parent, ENGINE_VERSION);
    try {
      await downloadEngine(building, ENGINE_VERSION, PARTS, progress);
    } catch (error) {
      progress.note(`${error.message} Building it from Go modules instead, which takes some minutes once.`);
      fs.rmSync(building, { recursive: true });
      fs.mkdirSync(building);
      await buildEngine(context, building, ENGINE_VERSION, progress);
    }
    const place = path.join(parent, ENGINE_VERSION);
    moveIntoPlace(building, place);
    context.addBin(place);
  },
};
