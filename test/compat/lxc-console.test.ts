/** The distribution's own lxc client at the console of a container. It wants a terminal, which script(1) gives it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Lxc, lxcOfFile, skip } from "../support/lxc";
import { until } from "../support/until";

const withLxc = lxcOfFile();

interface Terminal {
  readonly child: ChildProcess;
  readonly said: () => string;
}

function inTerminal(lxc: Lxc, ...args: string[]): Terminal {
  const child = spawn("script", ["-qec", ["lxc", ...args].join(" "), "/dev/null"], { env: lxc.env });
  let said = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    said += text;
  });
  return { child, said: () => said };
}

/** Control and A, then q: how lxc is told to detach. It looks at the first byte of each read, so the two must not come together. */
async function detach({ child }: Terminal): Promise<void> {
  await until(async () => {
    child.stdin?.write("\x01");
    await delay(50);
    child.stdin?.write("q");
    await delay(50);
    return child.exitCode !== null;
  });
}

test(
  "lxc console shows what the init prints, types into it and detaches; the container and its log go on",
  { skip },
  () =>
    withLxc(async (lxc) => {
      lxc.run("launch", "bb", "web");
      const terminal = inTerminal(lxc, "console", "web");
      await until(async () => terminal.said().includes("To detach from the console"));
      lxc.run("exec", "web", "--", "sh", "-c", "echo to-the-console > /dev/console");
      await until(async () => terminal.said().includes("to-the-console"));
      // The terminal echoes what is typed, so it is at the console.
      terminal.child.stdin?.write("typed-by-lxc\r");
      await until(async () => terminal.said().includes("typed-by-lxc"));
      const second = inTerminal(lxc, "console", "web");
      await until(async () => second.said().includes("already connected"));
      await detach(terminal);
      assert.match(lxc.run("console", "--show-log", "web"), /to-the-console/);
      assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,RUNNING$/m);
    }),
);

test("lxc start --console is there from the first line on", { skip }, () =>
  withLxc(async (lxc) => {
    lxc.run("init", "bb", "web");
    const terminal = inTerminal(lxc, "start", "--console", "web");
    await until(async () => terminal.said().includes("To detach from the console"));
    lxc.run("exec", "web", "--", "sh", "-c", "echo first-start > /dev/console");
    await until(async () => terminal.said().includes("first-start"));
    const gone = once(terminal.child, "exit");
    lxc.run("stop", "-f", "web");
    await gone;
  }),
);
