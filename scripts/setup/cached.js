"use strict";
// Results that lie in the user's cache under a name that says what they were made of.

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { buildingFolder, moveIntoPlace } = require("./context.js");

/** Twelve digits that are others as soon as one of the files is. */
function digestOf(files) {
  const hash = crypto.createHash("sha256");
  for (const file of files) hash.update(fs.readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

/**
 * Makes a folder's content under another name, and renames it, so that nobody finds it half made.
 * @param fill is given the folder to fill
 */
async function bring(folder, fill) {
  const building = buildingFolder(path.dirname(folder), path.basename(folder));
  try {
    await fill(building);
    moveIntoPlace(building, folder);
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

module.exports = { bring, digestOf };
