"use strict";
// The official release of Pulumi, checked against its published checksums.

const fs = require("node:fs");
const path = require("node:path");
const { checksumOf, downloadFile, downloadText } = require("./download.js");
const { run } = require("./run.js");

const RELEASES = "https://get.pulumi.com/releases/sdk";

/**
 * Downloads a release and unpacks the three programs of the engine.
 * @param folder an empty folder, which gets the programs
 * @param parts names of the programs to unpack
 * @param releases where releases are published
 * @throws Error when the host is out of reach, the archive is not the published one, or it lacks a program
 */
async function downloadEngine(folder, version, parts, progress, releases = RELEASES) {
  const name = `pulumi-v${version}-linux-${process.arch}.tar.gz`;
  const checksums = await downloadText(`${releases}/pulumi-${version}-checksums.txt`);
  const archive = path.join(folder, name);
  await downloadFile(`${releases}/${name}`, archive, checksumOf(name, checksums), (received, total) => {
    const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);
    progress.detail(`${mebibytes(received)} of ${total ? mebibytes(total) : "?"} MiB`);
  });
  const members = parts.map((part) => `pulumi/${part}`);
  await run("tar", ["-xzf", archive, "-C", folder, "--no-same-owner", "--strip-components=1", ...members]);
  fs.rmSync(archive);
}

module.exports = { downloadEngine };
