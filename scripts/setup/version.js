"use strict";
// Version numbers as programs print them: read and compared, nothing more.

/**
 * Reads the first `major.minor.patch` of a text such as "v24.21.0", "go1.26.8" or "3.250.0-dev"; missing parts are 0.
 * @returns three numbers, or undefined when the text holds no number
 */
function parseVersion(text) {
  const match = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)] : undefined;
}

/** Tells whether the version in `text` is `minimum` or newer; a text without a version is not. */
function isAtLeast(text, minimum) {
  const have = parseVersion(text);
  const want = parseVersion(minimum);
  if (!have || !want) return false;
  for (let i = 0; i < 3; i++) if (have[i] !== want[i]) return have[i] > want[i];
  return true;
}

module.exports = { parseVersion, isAtLeast };
