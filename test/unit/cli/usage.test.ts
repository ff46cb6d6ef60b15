/** The command line explains itself and what is wrong with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyValue, parseCall, UsageError, wholeNumber } from "../../../cli/command";
import { findCommand } from "../../../cli/commands";
import { doctor } from "../../../cli/doctor/command";
import { exec } from "../../../cli/exec";
import { overview } from "../../../cli/help";
import { launch } from "../../../cli/instance/launch";
import { list } from "../../../cli/instance/list";
import { stop } from "../../../cli/instance/stop";
import { runCli } from "../../cli/support/cli";

test("bothy alone and --help list every command", async () => {
  const help = await runCli(["--help"]);
  assert.equal(help.code, 0);
  for (const name of ["init", "launch", "list", "exec", "stop", "delete", "daemon", "doctor"])
    assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
  for (const step of ["bothy launch template:busybox box", "bothy init", "bothy doctor"])
    assert.ok(help.stdout.includes(step));
  const bare = await runCli([]);
  assert.equal(bare.code, 2);
  assert.equal(bare.stdout, help.stdout);
});

test("every command has help with its options", async () => {
  for (const name of ["launch", "exec", "daemon"]) {
    const { code, stdout } = await runCli([name, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: bothy ${name} `));
    assert.match(stdout, /--endpoint ADDRESS/);
  }
});

test("the version is that of the package", async () => {
  assert.match((await runCli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("an unknown command or option is named, with exit code 2", async () => {
  assert.deepEqual(await runCli(["lanch"]), {
    code: 2,
    stdout: "",
    stderr: 'Unknown command "lanch". See "bothy --help".\n',
  });
  assert.deepEqual(await runCli(["list", "--al"]), {
    code: 2,
    stdout: "",
    stderr: 'Unknown option "--al". See "bothy list --help".\n',
  });
});

test("wrong words are refused with what is wrong", () => {
  const cases: [Parameters<typeof parseCall>, string][] = [
    [[launch, []], "Missing argument: IMAGE."],
    [[launch, ["image", "name", "more"]], 'Unexpected argument "more".'],
    [[list, ["--format"]], 'Option "--format" needs a value.'],
    [[stop, ["web", "--force=yes"]], 'Option "--force" takes no value.'],
    [[stop, ["-x", "web"]], 'Unknown option "-x".'],
    [[list, ["--format", "--endpoint", "/x"]], 'Option "--format" needs a value.'],
    [[exec, []], "Missing argument: NAME."],
    [[exec, ["web"]], "Missing argument: COMMAND."],
    [[exec, ["web", "--cmd", "ls"]], 'Unknown option "--cmd".'],
  ];
  for (const [[command, args], message] of cases)
    assert.throws(() => parseCall(command, args), { message, constructor: UsageError });
});

test("values are checked where they are read", () => {
  assert.deepEqual(keyValue("config", "user.a=b=c"), ["user.a", "b=c"]);
  assert.throws(() => keyValue("config", "user.a"), { message: 'Option "--config" needs KEY=VALUE, not "user.a".' });
  assert.equal(wholeNumber("timeout", "30"), 30);
  assert.throws(() => wholeNumber("timeout", "1.5"), { message: /needs a whole number, not "1.5"/ });
});

test("the words of an exec'd command are not read as options", () => {
  for (const args of [
    ["web", "ls", "-l", "--help"],
    ["web", "--", "ls", "-l", "--help"],
    ["--user", "5", "web", "--", "ls", "-l", "--help"],
    ["web", "--user=5", "ls", "-l", "--help"],
  ]) {
    const call = parseCall(exec, args);
    assert.deepEqual([call.words, call.rest], [["web"], ["ls", "-l", "--help"]]);
    assert.equal(call.flag("help"), false);
  }
  assert.deepEqual(parseCall(exec, ["web", "--", "--", "x"]).rest, ["--", "x"]);
});

test("a command that takes no words takes none", () => {
  assert.deepEqual(parseCall(doctor, ["-f", "json"]).words, []);
  assert.throws(() => parseCall(doctor, ["web"]), { message: 'Unexpected argument "web".' });
});

test("options stand anywhere among the words, repeat, and may be left without a value where that means something", () => {
  const launched = parseCall(launch, ["-p", "a", "image", "--profile=b", "name", "-fjson"]);
  assert.deepEqual(launched.words, ["image", "name"]);
  assert.deepEqual([launched.values("profile"), launched.value("format")], [["a", "b"], "json"]);
  assert.deepEqual(
    [["--stack"], ["--stack", "-f", "json"], ["--stack", "dev"], []].map((args) =>
      parseCall(list, args).value("stack"),
    ),
    ["", "", "dev", undefined],
  );
  const terminal = parseCall(exec, ["-T", "web", "true"]);
  assert.deepEqual([terminal.flag("tty"), terminal.flag("no-tty")], [false, true]);
});

test("a command is found below its noun, and a noun says what stands below it", async () => {
  const verb = (name: string) => ({ name, summary: `${name} images.`, load: async () => list });
  const image = { name: "image", summary: "Images.", commands: [verb("list"), verb("copy")] };
  const all = { commands: [image, verb("list")] };
  const found = findCommand(all, ["image", "list", "-f", "json"]);
  assert.deepEqual([found.path, found.entry, found.rest], ["image list", image.commands[0], ["-f", "json"]]);
  assert.deepEqual(findCommand(all, ["image", "lst"]), { path: "image", entry: image, rest: ["lst"] });
  assert.equal(findCommand(all, ["list"]).path, "list");
  const help = overview(image, "image");
  assert.match(help, /^Usage: bothy image COMMAND /);
  assert.match(help, /^ {2}copy {2}copy images\.$/m);
});

test("help about a command is had both ways", async () => {
  const help = await runCli(["stop", "--help"]);
  assert.match(help.stdout, /^Usage: bothy stop \[OPTION\.\.\.\] NAME \[NAME\.\.\.\]\n/);
  assert.deepEqual(await runCli(["help", "stop"]), help);
});

test("a daemon that is not there is one line and exit code 1", async () => {
  const { code, stdout, stderr } = await runCli(["list", "--endpoint", "/nowhere/unix.socket"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Cannot reach the daemon at "\/nowhere\/unix.socket": nobody listens there\..*\n$/);
});
