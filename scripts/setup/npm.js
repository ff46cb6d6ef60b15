"use strict";
// Step: the npm packages of package-lock.json, exactly.

const fs = require("node:fs");
const path = require("node:path");
const { run } = require("./run.js");

/** Runs npm in a folder, with the Node of this set-up where npm's own file is known (as it is below `npm run`). */
function npm(context, args, folder, progress) {
  const file = process.env.npm_execpath;
  const [command, first] = file?.endsWith(".js") ? [context.node, [file]] : ["npm", []];
  const options = ["--prefix", folder, "--no-audit", "--no-fund", "--loglevel=http"];
  return run(command, [...first, ...args, ...options], {
    cwd: folder,
    env: context.env(),
    onLine: (line) => progress.detail(line.replace(/^npm /, "")),
  });
}

function readPackages(file) {
  if (!fs.existsSync(file)) return undefined;
  return JSON.parse(fs.readFileSync(file, "utf8")).packages;
}

/**
 * Tells whether an installation agrees with a lock file: every package that is not for another platform is there in
 * the locked version. npm writes the list of what it installed last of all, so a broken-off installation has none.
 * @param locked the "packages" of package-lock.json
 * @param installed the "packages" of node_modules/.package-lock.json, undefined when there is none
 */
function isInStep(locked, installed) {
  if (!installed) return false;
  return Object.entries(locked).every(([place, wanted]) => {
    const present = installed[place];
    if (place === "" || (!present && wanted.optional)) return true;
    return present?.version === wanted.version && present.integrity === wanted.integrity;
  });
}

module.exports = {
  npm,
  isInStep,
  purposes: ["build", "run", "test", "release", "sdks"],
  label: "Installing npm packages",

  /** A node_modules that is a link belongs to another checkout and is left alone. */
  needed({ root }) {
    const modules = path.join(root, "node_modules");
    if (fs.lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return false;
    const locked = readPackages(path.join(root, "package-lock.json"));
    return !isInStep(locked, readPackages(path.join(modules, ".package-lock.json")));
  },

  /** Installs without running install scripts: none of the packages needs its own. */
  async run(context, progress) {
    await npm(context, ["ci", "--ignore-scripts", "--include=dev", "--include=optional"], context.root, progress);
  },
};
