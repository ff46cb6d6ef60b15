/** Exec: a command in a container, with its streams on websockets or in log files (docs/lxd-api.md, Exec). */
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceExecPost } from "../../../../sdk/api/instance";
import type { Call } from "../../../core/call";
import { urlBelow, urlOf } from "../../../core/ref";
import { idmapOps, type Op, type RunningCell } from "../../../platform/native/index";
import type { OperationWork, RunningOperation } from "../../../platform/operations";
import { idRange } from "../create/idmap";
import type { InstanceHome } from "../home";
import { labelOps } from "../labels/label";
import { inForce } from "../life/made-by";
import { type InstanceRecord, instanceRef, keyOf } from "../record";
import { joinOps } from "../spec/cgroups";
import {
  capabilityMask,
  defaultPath,
  environmentOf,
  envOps,
  noNewPrivilegesOps,
  personalityOps,
  rlimitOps,
} from "../spec/process";
import { runningFilter, seccompFile } from "../spec/seccomp";
import { pruneExecLogs, recordedBytes } from "./exec-logs";
import { ExecSockets } from "./exec-sockets";

/** Starts the operation of an exec. @throws ApiError BAD_REQUEST when the instance does not run */
export function startExec(
  home: InstanceHome,
  call: Call,
  record: InstanceRecord,
  post: InstanceExecPost,
): RunningOperation {
  const running = home.book.running.need(record);
  if (running.isFrozen) throw badRequest("Instance is frozen");
  const of = instanceRef(record);
  const resources = { instances: [urlOf(of)], containers: [urlOf(of).replace("instances", "containers")] };
  const base = { description: "Executing command", resources, mayCancel: false };
  const start = (operation: Omit<OperationWork, "run">, work: OperationWork["run"]) =>
    home.changes.start(call, { of: [of], unlocked: true, operation, work });
  const common = execOps(home, record, post);
  if (!post["wait-for-websocket"])
    return start(base, (operation) => runDetached(home, record, post, common, operation));
  const environment = execEnvironment(home.book.inForce(record), post);
  const command = { command: post.command, environment, interactive: post.interactive };
  const sockets = new ExecSockets(post.interactive);
  const websocket = {
    ...base,
    class: "websocket",
    metadata: { ...command, fds: sockets.secrets },
    connect: sockets.connect.bind(sockets),
  } as const;
  return start(websocket, async (operation) => {
    try {
      await sockets.ready();
      const streams = post.interactive ? "tty" : "pipes";
      const process = await home.native.exec(running.cell, [...common, ...streamOps(post)], streams);
      end(operation, { return: await sockets.serve(process) });
    } finally {
      sockets.close();
    }
  });
}

const streamOps = (post: InstanceExecPost): Op[] =>
  post.interactive
    ? [["tty", post.width || 80, post.height || 24]]
    : [
        ["stdin", "pipe"],
        ["stdout", "pipe"],
        ["stderr", "pipe"],
      ];

/** Without websockets: output is dropped, or kept in log files. */
async function runDetached(
  home: InstanceHome,
  record: InstanceRecord,
  post: InstanceExecPost,
  common: Op[],
  operation: RunningOperation,
) {
  const { cell } = home.book.running.need(record);
  const file = (name: string) => path.join(home.dirs.logs(keyOf(record)), `exec_${operation.id}.${name}`);
  const url = (name: string) => urlBelow(instanceRef(record), `logs/exec_${operation.id}.${name}`);
  const isRecorded = post["record-output"];
  const output = (name: string): Op => (isRecorded ? [name, `file:${recordedBytes}:${file(name)}`] : [name, "null"]);
  const streams: Op[] = [["stdin", "null"], output("stdout"), output("stderr")];
  const process = await home.native.exec(cell, [...common, ...streams], "none");
  const code = await process.exited;
  if (isRecorded) await pruneExecLogs(home, record);
  end(operation, { return: code, ...(isRecorded ? { output: { 1: url("stdout"), 2: url("stderr") } } : {}) });
}

/** What LXD says of the codes that shells have for commands that cannot be run, whoever gave them. */
const unrunnable: ReadonlyMap<number, string> = new Map([
  [126, "Command not executable"],
  [127, "Command not found"],
]);

/** Tells how a command ended. @throws ApiError BAD_REQUEST when it could not be run: clients show that, and read the code all the same */
function end(operation: RunningOperation, result: { readonly return: number }): void {
  operation.update(result);
  const message = unrunnable.get(result.return);
  if (message !== undefined) throw badRequest(message);
}

/** The environment of a command, as clients read it in its operation. */
const execEnvironment = (
  config: Config,
  post: Pick<InstanceExecPost, "user" | "environment">,
): Record<string, string> => ({
  PATH: defaultPath,
  LANG: "C.UTF-8",
  ...(post.user === 0 ? { HOME: "/root", USER: "root" } : {}),
  ...environmentOf(config),
  ...post.environment,
});

/** The words of a command in a container, but for its streams. */
export function execOps(
  home: InstanceHome,
  record: InstanceRecord,
  post: Pick<InstanceExecPost, "command" | "user" | "group" | "cwd" | "environment">,
): Op[] {
  const running = home.book.running.need(record);
  // Once for all words: it asks the database for every profile.
  const expanded = home.book.expanded(record).config;
  const config = inForce(expanded, running.madeBy);
  const isPrivileged = instanceConfig(config).get("security.privileged");
  const environment: Record<string, string> = { container: "lxc", ...execEnvironment(config, post) };
  for (const name of Object.keys(post.environment ?? {}))
    if (name === "" || name.includes("="))
      throw badRequest(
        `Invalid environment variable name ${JSON.stringify(name)}. It must not be empty or contain "=".`,
      );
  return [
    ...idmapOps(idRange(config, record.config)),
    ...joinsOf(home, record, running.cell),
    ...labelOps(home.dirs, record),
    ...runningFilter(home.dirs.cell(keyOf(record)), seccompFile(home.seccompDir, config)),
    // A command follows what its own start can follow.
    ...rlimitOps(expanded),
    ...personalityOps(record.architecture),
    ["cap-keep", capabilityMask(isPrivileged)],
    ...noNewPrivilegesOps(config),
    ["umask", "022"],
    ["user", post.user],
    ["group", post.group],
    // As LXD does: a folder that was asked for must be there, a home may be missing.
    post.cwd === "" ? ["home", environment.HOME || "/"] : ["cwd", post.cwd],
    ...envOps(environment),
    ...post.command.map((word): Op => ["arg", word]),
  ];
}

/** The words that join a container's groups: they stay as they are while it runs, and a look for each of them costs more than the other words together. */
const joins = new WeakMap<RunningCell, readonly Op[]>();

function joinsOf({ groups }: InstanceHome, record: InstanceRecord, cell: RunningCell): readonly Op[] {
  const known = joins.get(cell) ?? joinOps(groups.layout, groups.of(keyOf(record)), cell.protocol > 0);
  joins.set(cell, known);
  return known;
}
