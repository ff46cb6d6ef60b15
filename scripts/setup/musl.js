"use strict";
// musl for the machines of another architecture: Debian's musl-dev of theirs, unpacked below the user's cache. apt is asked
// with lists of its own, so that this machine's dpkg learns of no foreign architecture.

const fs = require("node:fs");
const path = require("node:path");
const { buildingFolder, moveIntoPlace, which } = require("./context.js");
const { outputOf, run } = require("./run.js");

/** Where musl for an architecture lies, by the version of this machine's own: both are to be the same. */
function muslFolder({ cache }, architecture) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
  const version = outputOf("dpkg-query", ["-W", "-f", "${Version}", "musl-dev"]) ?? "unknown";
  return path.join(cache, "musl", `${architecture}-${version.replace(/[^\w.+-]/g, "_")}`);
}

/** Options of apt-get for an architecture and a folder of its own, from the sources and keys of this machine. */
function aptOptions(folder, debianArchitecture) {
  const settings = {
    "Dir::State": folder,
    "Dir::State::lists": path.join(folder, "lists"),
    "Dir::State::status": path.join(folder, "status"),
    "Dir::Cache": folder,
    "APT::Architecture": debianArchitecture,
    "APT::Architectures::": debianArchitecture,
    "Acquire::Languages": "none",
    // the folder is ours alone, and so not apt's own user's
    "APT::Sandbox::User": "root",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

/** Brings musl for an architecture into the cache. @param debian Debian's name of the architecture @throws Error without apt */
async function bringMusl(context, architecture, debian, progress) {
  for (const program of ["apt-get", "dpkg-deb"])
    if (!which(program)) throw new Error(`Cannot get musl for ${architecture}: this machine has no ${program}.`);
  const place = muslFolder(context, architecture);
  const building = buildingFolder(path.dirname(place), path.basename(place));
  try {
    const apt = path.join(building, "apt");
    for (const folder of ["lists/partial", "archives/partial"])
      fs.mkdirSync(path.join(apt, folder), { recursive: true });
    fs.writeFileSync(path.join(apt, "status"), "");
    const options = { cwd: apt, onLine: (line) => progress.detail(line) };
    await run("apt-get", [...aptOptions(apt, debian), "update"], options);
    await run("apt-get", [...aptOptions(apt, debian), "download", "musl-dev"], options);
    const archive = fs.readdirSync(apt).find((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", path.join(apt, archive), building]);
    fs.rmSync(apt, { recursive: true });
    moveIntoPlace(building, place);
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

module.exports = { muslFolder, aptOptions, bringMusl };
