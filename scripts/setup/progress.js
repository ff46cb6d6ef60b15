"use strict";
// Shows that a long step is alive: a spinner on a terminal, a line every ten seconds elsewhere.

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const TERMINAL_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 10_000;

/**
 * Shows a step and its elapsed seconds until `done` or `failed` is called.
 * @param label what is going on, such as "Installing npm packages"
 * @param quietMs a step that succeeds before this time is not shown at all
 * @param out the stream to write on; its isTTY decides the form
 */
function startProgress(label, quietMs, out = process.stderr) {
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  let detail = "";
  let tick = 0;
  let timer;

  const draw = () => {
    const text = `${SPINNER[tick++ % SPINNER.length]} ${label} ${seconds()} s${detail ? `  ${detail}` : ""}`;
    out.write(`\r${text.slice(0, (out.columns || 80) - 1)}\x1b[K`);
  };
  const log = () => out.write(`  ${label}: ${seconds()} s${detail ? `, ${detail}` : ""}\n`);
  const show = () => {
    if (timer) return;
    clearTimeout(quiet);
    if (out.isTTY) draw();
    else out.write(`${label} ...\n`);
    timer = setInterval(out.isTTY ? draw : log, out.isTTY ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS);
  };
  const quiet = setTimeout(show, quietMs);

  const end = (mark, word) => {
    clearTimeout(quiet);
    clearInterval(timer);
    if (timer) out.write(`${out.isTTY ? `\r\x1b[K${mark} ` : ""}${label}: ${word} (${seconds()} s)\n`);
  };
  return {
    /** Sets the words behind the elapsed time, such as the last line of a program's output. */
    detail(text) {
      detail = text;
    },
    /** Writes a line of its own that stays. */
    note(text) {
      show();
      out.write(`${out.isTTY ? "\r\x1b[K" : ""}  ${text}\n`);
    },
    done: () => end("✔", "done"),
    failed() {
      show();
      end("✘", "failed");
    },
  };
}

module.exports = { startProgress };
