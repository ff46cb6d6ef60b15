"use strict";
// What every step of set-up knows: where things are, what the set-up is for, and the PATH that grows on the way.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** The folder that holds package.json. */
const root = path.resolve(__dirname, "../..");

/**
 * The folder for what is kept per user across clones: BOTHY_CACHE, else bothy in XDG_CACHE_HOME, else ~/.cache/bothy.
 * @param env the environment to read
 */
function cacheFolder(env = process.env) {
  if (env.BOTHY_CACHE) return path.resolve(env.BOTHY_CACHE);
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "bothy");
}

/** Finds a program as a shell would. @returns its path, or undefined when no folder of PATH has it */
function which(program, searchPath = process.env.PATH ?? "") {
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, program);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (folder && fs.statSync(file).isFile()) return file;
    } catch {
      // not here: the next folder is asked
    }
  }
  return undefined;
}

/**
 * Makes the context of one set-up.
 * @param purpose "build" (compile and pack), "run" (demo, bench, soak), "test", "release" or "sdks"
 */
function makeContext(purpose) {
  const binFolders = [];
  return {
    root,
    purpose,
    cache: cacheFolder(),
    node: process.execPath,
    /** Adds a folder to what comes first on PATH, in the order of the steps, so that nothing hides the Node they chose. */
    addBin(folder) {
      binFolders.push(folder);
    },
    /** The environment for programs: ours with the PATH of this set-up. */
    env() {
      return {
        ...process.env,
        PATH: [...binFolders, path.join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(path.delimiter),
      };
    },
  };
}

/**
 * Removes what set-ups that were killed left in a folder: entries named "<anything>.building-<pid>" whose process is gone.
 * @returns a fresh name of that form for a result called `name`, for the caller to make and to rename into place
 */
function buildingFolder(folder, name) {
  fs.mkdirSync(folder, { recursive: true });
  for (const entry of fs.readdirSync(folder)) {
    const pid = /\.building-(\d+)$/.exec(entry)?.[1];
    if (pid && !fs.existsSync(`/proc/${pid}`)) fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
  }
  const building = path.join(folder, `${name}.building-${process.pid}`);
  fs.rmSync(building, { recursive: true, force: true });
  fs.mkdirSync(building);
  return building;
}

/** Renames a finished building folder to its place; where another set-up was faster, its result stays and ours goes. */
function moveIntoPlace(building, place) {
  try {
    fs.renameSync(building, place);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    fs.rmSync(building, { recursive: true });
  }
}

module.exports = { root, cacheFolder, which, makeContext, buildingFolder, moveIntoPlace };
