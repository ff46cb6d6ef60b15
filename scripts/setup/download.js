"use strict";
// Downloads a file over HTTP into a file, checked against its published SHA-256 before anyone can use it.

const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { pipeline } = require("node:stream/promises");

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;

/** Opens a URL, following redirects. @returns the response with status 200 @throws Error soon when the host does not answer */
function open(url, redirects = MAX_REDIRECTS) {
  return new Promise((resolve, reject) => {
    const cannot = (cause) => reject(new Error(`Cannot download "${url}": ${cause}.`));
    const request = (new URL(url).protocol === "http:" ? http : https).get(url, { agent: false });
    const slow = setTimeout(() => request.destroy(new Error("the host does not answer")), CONNECT_TIMEOUT_MS);
    request.on("error", (error) => {
      clearTimeout(slow);
      cannot(error.message);
    });
    request.on("response", (response) => {
      clearTimeout(slow);
      const { statusCode, headers } = response;
      request.setTimeout(IDLE_TIMEOUT_MS, () => response.destroy(new Error("the host stopped sending")));
      if (statusCode === 200) return resolve(response);
      response.resume();
      if (statusCode < 300 || statusCode >= 400 || !headers.location) return cannot(`the host answered ${statusCode}`);
      if (redirects === 0) return cannot("too many redirects");
      const target = new URL(headers.location, url);
      if (url.startsWith("https:") && target.protocol !== "https:") return cannot("a redirect leaves https");
      resolve(open(target.href, redirects - 1));
    });
  });
}

/** Downloads a small text. @throws Error when it cannot be had */
async function downloadText(url) {
  const chunks = [];
  for await (const chunk of await open(url)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Downloads a file. It appears under its name only when whole and right.
 * @param sha256 the expected digest in hexadecimal
 * @param onProgress called with the bytes received and the bytes expected (undefined when the host does not say)
 * @throws Error when it cannot be had or its digest differs; no file is left then
 */
async function downloadFile(url, file, sha256, onProgress = () => {}) {
  const response = await open(url);
  const totalBytes = Number(response.headers["content-length"]) || undefined;
  const hash = crypto.createHash("sha256");
  const part = `${file}.part`;
  let receivedBytes = 0;
  // Opened before the first byte: a stream that opens its file itself may do so after the transfer broke off and the file was removed.
  const target = await fs.promises.open(part, "w");
  try {
    await pipeline(
      response,
      async function* (chunks) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          receivedBytes += chunk.length;
          onProgress(receivedBytes, totalBytes);
          yield chunk;
        }
      },
      target.createWriteStream(),
    );
    const actual = hash.digest("hex");
    if (actual !== sha256.toLowerCase())
      throw new Error(
        `Cannot use "${url}": its SHA-256 is ${actual}, but ${sha256} is published. The file was removed.`,
      );
    fs.renameSync(part, file);
  } finally {
    await target.close();
    fs.rmSync(part, { force: true });
  }
}

/** Finds a file's digest in a checksums file of lines "<sha256>  <name>". @throws Error when it is not listed */
function checksumOf(name, checksums) {
  for (const line of checksums.split("\n")) {
    const match = /^([0-9a-fA-F]{64})[ \t]+\*?(.+?)\s*$/.exec(line);
    if (match && match[2] === name) return match[1];
  }
  throw new Error(`Cannot check "${name}": the published checksums do not list it.`);
}

module.exports = { downloadText, downloadFile, checksumOf };
