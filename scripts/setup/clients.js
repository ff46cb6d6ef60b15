"use strict";
// Step: clients that others wrote, for test/compat: pylxd from PyPI and Debian 13's incus, both below the user's cache.
// The tests go on without them, and say so; CI forbids that.

const fs = require("node:fs");
const path = require("node:path");
const { bring } = require("./cached.js");
const { which } = require("./context.js");
const { aptOptions } = require("./musl.js");
const { bringEnvironment, interpreterOf } = require("./python.js");
const { outputOf, run } = require("./run.js");

const INCUS_SUITE = "trixie";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const incusFolder = (cache) => path.join(cache, "incus", INCUS_SUITE);

/** The interpreter that has pylxd, once it was brought. @param cache the folder of context.js */
const pythonOf = (cache) => interpreterOf(cache, "pylxd");

/** The incus client, once it was brought. @param cache the folder of context.js */
const incusOf = (cache) => path.join(incusFolder(cache), "usr/bin/incus");

/** Where this machine has Debian's packages from, by what "apt-get indextargets" tells. @returns an address, or undefined */
function debianSource(lines) {
  return lines
    .split("\n")
    .map((line) => line.split("|"))
    .find(([origin, codename, component]) => origin === "Debian" && component === "main" && !codename.includes("-"))
    ?.at(3);
}

async function bringIncus({ cache }, progress) {
  for (const program of ["apt-get", "dpkg", "dpkg-deb"])
    if (!which(program)) throw new Error(`Cannot bring the incus client: this machine has no ${program}.`);
  const format = "$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)";
  const source = debianSource(outputOf("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]) ?? "");
  if (!source) throw new Error("Cannot bring the incus client: this machine has no packages of Debian's.");
  await bring(incusFolder(cache), async (building) => {
    const apt = path.join(building, "apt");
    for (const folder of ["lists/partial", "archives/partial"])
      fs.mkdirSync(path.join(apt, folder), { recursive: true });
    fs.writeFileSync(path.join(apt, "status"), "");
    const signedBy = fs.existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
    fs.writeFileSync(path.join(apt, "sources.list"), `deb ${signedBy}${source} ${INCUS_SUITE} main\n`);
    const own = [
      "-o",
      `Dir::Etc::sourcelist=${path.join(apt, "sources.list")}`,
      "-o",
      "Dir::Etc::sourceparts=/dev/null",
    ];
    const options = [...aptOptions(apt, outputOf("dpkg", ["--print-architecture"]).trim()), ...own];
    const settings = { cwd: apt, onLine: (line) => progress.detail(line) };
    await run("apt-get", [...options, "update"], settings);
    await run("apt-get", [...options, "download", "incus-client"], settings);
    const archive = fs.readdirSync(apt).find((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", path.join(apt, archive), building]);
    fs.rmSync(apt, { recursive: true });
  });
}

const CLIENTS = [
  { program: pythonOf, bringClient: ({ cache }, progress) => bringEnvironment(cache, "pylxd", progress) },
  { program: incusOf, bringClient: bringIncus },
];

const missing = ({ cache }) => CLIENTS.filter(({ program }) => !fs.existsSync(program(cache)));

module.exports = {
  pythonOf,
  incusOf,
  debianSource,
  purposes: ["test"],
  label: "Bringing the clients of test/compat",

  needed: (context) => missing(context).length > 0,

  async run(context, progress) {
    for (const { bringClient } of missing(context)) {
      try {
        await bringClient(context, progress);
      } catch (error) {
        progress.note(`${error.message.split("\n")[0]} Its tests are skipped.`);
      }
    }
  },
};
