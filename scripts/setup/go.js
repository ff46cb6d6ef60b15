"use strict";
// Programs built from Go modules of this repository. go.sum of each is what the sources are checked against.

const fs = require("node:fs");
const path = require("node:path");
const { which } = require("./context.js");
const { outputOf, run } = require("./run.js");
const { isAtLeast } = require("./version.js");

/** How all of them are compiled, so that they share what Go keeps of what it has compiled before. */
const GO_ENV = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -trimpath -buildvcs=false" };

/** @returns why a module cannot be built on this machine, or undefined when it can. @param folder of the module */
function lackOfGo(folder) {
  const wanted = /^go (\S+)$/m.exec(fs.readFileSync(path.join(folder, "go.mod"), "utf8"))[1];
  const found = which("go") && outputOf("go", ["env", "GOVERSION"], { cwd: folder });
  return found && isAtLeast(found, wanted) ? undefined : `that needs Go ${wanted} or newer`;
}

/** The version of a module that another one requires. @param folder of that other one */
const requiredVersion = (folder, module) =>
  new RegExp(`${module.replaceAll(".", "\\.")} v(\\S+)`).exec(fs.readFileSync(path.join(folder, "go.mod"), "utf8"))[1];

/**
 * Builds programs of a module.
 * @param folder of the module
 * @param output the program, or a folder that ends with a slash and gets one program for each target
 * @param targets packages, as Go names them
 * @throws Error when there is no Go that is new enough, or a build fails
 */
async function goBuild(folder, output, targets, progress) {
  const lack = lackOfGo(folder);
  if (lack) throw new Error(`Cannot build ${targets.map((target) => path.basename(target)).join(" and ")}: ${lack}.`);
  let compiled = 0;
  await run("go", ["build", "-v", "-ldflags", "-s -w", "-o", output, ...targets], {
    cwd: folder,
    env: { ...process.env, ...GO_ENV },
    onLine: (line) => progress.detail(line.startsWith("go: ") ? line.slice(4) : `${++compiled} packages compiled`),
  });
}

module.exports = { GO_ENV, goBuild, lackOfGo, requiredVersion };
