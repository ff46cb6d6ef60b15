/** exec: runs a command in a container, as if it ran here. */
import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { pipeline } from "node:stream/promises";
import type { ExecSession } from "../sdk/index";
import { type Command, keyValue, UsageError, wholeNumber } from "./command";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export const exec: Command = {
  words: "<NAME>",
  rest: "COMMAND [ARGUMENT...]",
  failureCode: 255,
  options: {
    env: { type: "string", short: "e", multiple: true, value: "KEY=VALUE", help: "Variable of the environment." },
    user: { type: "string", short: "u", value: "UID", help: "User id inside; root when absent." },
    group: { type: "string", short: "g", value: "GID", help: "Group id inside; root when absent." },
    cwd: { type: "string", value: "DIR", help: "Working directory inside." },
    tty: { type: "boolean", short: "t", help: "Give the command a terminal. Default when this is run in one." },
    "no-tty": { type: "boolean", short: "T", help: "Give the command no terminal." },
  },
  details:
    "The exit code is the command's own, 128 + n when signal n ended it, 127 when it was not found, and 255 when bothy itself failed.",
  run: async ({ words: [name = ""], rest, client, flag, value, values }) => {
    if (flag("tty") && flag("no-tty")) throw new UsageError('Options "--tty" and "--no-tty" exclude each other.');
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const interactive = flag("tty") || (isTerminal && !flag("no-tty"));
    const environment = Object.fromEntries(values("env").map((text) => keyValue("env", text)));
    if (interactive && process.env.TERM !== undefined) environment.TERM ??= process.env.TERM;
    const session = await client.execInstance(name, {
      command: rest,
      environment,
      user: wholeNumber("user", value("user")),
      group: wholeNumber("group", value("group")),
      cwd: value("cwd"),
      interactive,
      ...(interactive ? { width: process.stdout.columns ?? 80, height: process.stdout.rows ?? 24 } : {}),
    });
    return interactive ? attachTerminal(session) : attachStreams(session);
  },
};

/** The terminal becomes the command's: every key goes there, and it learns of every change of size. */
async function attachTerminal(session: ExecSession): Promise<number> {
  const isRaw = process.stdin.isTTY === true;
  const resize = () => session.resize(process.stdout.columns, process.stdout.rows);
  if (isRaw) {
    process.stdin.setRawMode(true);
    // Node's raw mode still turns a line feed into two characters; the command's own terminal has done that already.
    spawnSync("stty", ["-opost"], { stdio: "inherit" });
  }
  process.stdout.on("resize", resize);
  try {
    return await attachStreams(session);
  } finally {
    process.stdout.off("resize", resize);
    if (isRaw) process.stdin.setRawMode(false);
  }
}

async function attachStreams(session: ExecSession): Promise<number> {
  const listeners = forwarded.map((name) => {
    const forward = () => session.signal(constants.signals[name]);
    process.on(name, forward);
    return () => process.off(name, forward);
  });
  // A command that leaves without reading its input is not a failure; its exit code tells what became of it.
  session.stdin.on("error", () => undefined);
  process.stdin.pipe(session.stdin);
  try {
    const [code] = await Promise.all([
      session.exit,
      pipeline(session.stdout, process.stdout, { end: false }),
      pipeline(session.stderr, process.stderr, { end: false }),
    ]);
    return code;
  } finally {
    process.stdin.unpipe(session.stdin);
    for (const stop of listeners) stop();
  }
}
