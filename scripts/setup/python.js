"use strict";
// Environments of Python with the packages of a list, wheels only, below the user's cache. Another list is another folder.

const fs = require("node:fs");
const path = require("node:path");
const { bring, digestOf } = require("./cached.js");
const { root, which } = require("./context.js");
const { run } = require("./run.js");

const listOf = (name) => path.join(root, "scripts/toolchain", `${name}.txt`);

/** The folder of an environment. @param name of the list, scripts/toolchain/NAME.txt, with versions and digests of all packages */
const environmentOf = (cache, name) => path.join(cache, name, digestOf([listOf(name)]));

/** The interpreter of an environment, once it was brought. */
const interpreterOf = (cache, name) => path.join(environmentOf(cache, name), "bin/python3");

/** The distribution's Python, for whose versions the lists have digests; another one may come first on PATH. */
const systemPython = () => (fs.existsSync("/usr/bin/python3") ? "/usr/bin/python3" : which("python3"));

/** @throws Error when there is no Python, or a package is not the one of the list */
async function bringEnvironment(cache, name, progress) {
  const python = systemPython();
  if (!python) throw new Error(`Cannot bring ${name}: this machine has no python3.`);
  const options = { onLine: (line) => progress.detail(line) };
  await bring(environmentOf(cache, name), async (building) => {
    await run(python, ["-m", "venv", building], options);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:"];
    await run(path.join(building, "bin/python3"), [...pip, "--require-hashes", "--requirement", listOf(name)], options);
  });
}

module.exports = { bringEnvironment, environmentOf, interpreterOf };
