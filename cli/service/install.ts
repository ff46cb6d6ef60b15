/** Install: the daemon as a service of this host's systemd, and that taken back. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, badRequest, conflict, unavailable } from "../../sdk/api/errors";
import { bothydProgram, bothyProgram, packageRoot } from "../../sdk/host/package";
import { containersUnit, daemonUnit, hasSystemd, unitFolder } from "../../sdk/host/service";
import { Client, isNobodyListening } from "../../sdk/index";
import type { Output } from "../output";
import { loadPolicy, unloadPolicy } from "./policy";
import { isActive, journalOf, systemctl } from "./systemd";
import { mark, unitsFor } from "./units";

export interface InstallOptions {
  readonly dir: string;
  readonly group: string | undefined;
  readonly bare: boolean;
}

const verbs = { install: "install the daemon as a service", uninstall: "take the daemon's service away" };
const unitFile = (name: string) => path.join(unitFolder, name);
const handOverMs = 60_000;
const handOverPauseMs = 50;
const journalLines = 10;

/**
 * Writes the units, switches them on and starts them. A daemon that runs on the folder already hands over; its containers go on.
 * @throws ApiError when this is not root, not a host with systemd, or the units of that name are somebody else's
 */
export async function install(options: InstallOptions, output: Output): Promise<void> {
  const { dir, group } = options;
  requireSystemd(verbs.install);
  if (group !== undefined && !hasGroup(group))
    throw badRequest(
      `Cannot ${verbs.install}: there is no group "${group}". Create it by "groupadd --system ${group}", or leave out --group.`,
    );
  const units = unitsFor({ ...options, bothyd: bothydProgram, bothy: bothyProgram, node: process.execPath });
  for (const { name } of units) requireOurs(name, verbs.install);
  if (/\/_npx\//.test(packageRoot))
    output.say(
      `Note: this package lies in npx's cache, ${packageRoot}. Install it where it stays: npm install --global bothy`,
    );
  await loadPolicy(output);
  for (const { name, text } of units) writeFileSync(unitFile(name), text, { mode: 0o644 });
  await systemctl("daemon-reload");
  if (!(await isActive(daemonUnit))) await handOver(dir);
  const names = units.map(({ name }) => name);
  await systemctl("enable", "--quiet", ...names);
  try {
    await systemctl("restart", daemonUnit);
  } catch (error) {
    throw unavailable(`Cannot start ${daemonUnit}: ${await journalOf(daemonUnit, journalLines)}`, { cause: error });
  }
  await systemctl("start", containersUnit);
  output.say(`Installed ${names.join(" and ")} in ${unitFolder}; the daemon runs and starts with this host.`);
  output.say(
    `It listens at ${path.join(dir, "unix.socket")}${group === undefined ? ", for root" : `, for root and the group ${group}`}.`,
  );
}

/** Stops containers in order, then the daemon, and takes the units away. What it keeps stays: the state folder with all containers. */
export async function uninstall(output: Output): Promise<void> {
  requireSystemd(verbs.uninstall);
  const names = [containersUnit, daemonUnit].filter((name) => existsSync(unitFile(name)));
  for (const name of names) requireOurs(name, verbs.uninstall);
  if (names.length === 0) {
    output.say("There is no service of Bothy on this host.");
    return;
  }
  // One after the other: the containers' clean end needs the daemon.
  for (const name of names) await systemctl("disable", "--quiet", "--now", name);
  for (const name of names) rmSync(unitFile(name));
  await systemctl("daemon-reload");
  await unloadPolicy(output);
  output.say(`Removed ${names.join(" and ")}. Containers were stopped; the state folder stays as it is.`);
}

/** @throws ApiError FORBIDDEN or UNAVAILABLE */
function requireSystemd(verb: string): void {
  if (!hasSystemd())
    throw unavailable(
      `Cannot ${verb}: this host was not booted with systemd. Have "bothyd" started by the init that it has: SIGTERM ends the daemon alone, SIGPWR its containers first.`,
    );
  if (process.getuid?.() !== 0) throw new ApiError("FORBIDDEN", `Cannot ${verb}: only root can. Run it with sudo.`);
}

/** @throws ApiError CONFLICT when there is a unit of that name that we did not write */
function requireOurs(name: string, verb: string): void {
  const file = unitFile(name);
  if (existsSync(file) && !readFileSync(file, "utf8").startsWith(mark))
    throw conflict(`Cannot ${verb}: "${file}" was not written by it. Move it away first.`);
}

const hasGroup = (name: string): boolean =>
  readFileSync("/etc/group", "utf8")
    .split("\n")
    .some((line) => line.startsWith(`${name}:`));

/** Ends a daemon that was started by hand or by a program on the same folder. @throws ApiError UNAVAILABLE when it does not leave */
async function handOver(dir: string): Promise<void> {
  await using client = new Client({ endpoint: path.join(dir, "unix.socket") });
  let pid: number;
  try {
    pid = (await client.getServer()).value.environment.server_pid;
  } catch (error) {
    if (isNobodyListening(error)) return;
    throw error;
  }
  process.kill(pid, "SIGTERM");
  for (let waitedMs = 0; existsSync(`/proc/${pid}`); waitedMs += handOverPauseMs) {
    if (waitedMs >= handOverMs)
      throw unavailable(
        `Cannot ${verbs.install}: the daemon that runs as process ${pid} does not leave. Stop it first.`,
      );
    await sleep(handOverPauseMs);
  }
}
