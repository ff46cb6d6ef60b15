/** Exec: a command in a container, with its streams on websockets or in log files (docs/lxd-api.md, Exec). */
import path from "node:path";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceExecPost } from "../../../../sdk/api/instance";
import type { Context } from "../../../context";
import type { Op } from "../../../platform/native/index";
import type { RunningOperation } from "../../../platform/operations";
import type { InstanceRecord } from "../record";
import { joinOps } from "../spec/cgroups";
import { capabilityMask, defaultPath, environmentOf, envOps, personalityOps, rlimitOps } from "../spec/process";
import { seccompFile } from "../spec/start";
import { pruneExecLogs, recordedBytes } from "./exec-logs";
import { ExecSockets } from "./exec-sockets";

/** Starts the operation of an exec. @throws ApiError BAD_REQUEST when the instance does not run */
export function startExec(context: Context, record: InstanceRecord, post: InstanceExecPost): RunningOperation {
  const running = context.instances.lifecycle.need(record.name);
  if (running.isFrozen) throw badRequest("Instance is frozen");
  const instancePath = `/1.0/instances/${record.name}`;
  const resources = { instances: [instancePath], containers: [`/1.0/containers/${record.name}`] };
  const base = { description: "Executing command", resources, mayCancel: false };
  const common = execOps(context, record, post);
  const command = { command: post.command, environment: post.environment ?? {}, interactive: post.interactive };
  if (!post["wait-for-websocket"])
    return context.operations.start({
      ...base,
      run: (operation) => runDetached(context, record, post, common, operation),
    });
  const sockets = new ExecSockets(post.interactive);
  return context.operations.start({
    ...base,
    class: "websocket",
    metadata: { ...command, fds: sockets.secrets },
    connect: (secret, request, socket, head) => sockets.connect(secret, request, socket, head),
    run: async (operation) => {
      try {
        await sockets.ready();
        const streams = post.interactive ? "tty" : "pipes";
        const process = await context.native.exec(running.cell, [...common, ...streamOps(post)], streams);
        end(operation, { return: await sockets.serve(process) });
      } finally {
        sockets.close();
      }
    },
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
  context: Context,
  record: InstanceRecord,
  post: InstanceExecPost,
  common: Op[],
  operation: RunningOperation,
) {
  const { cell } = context.instances.lifecycle.need(record.name);
  const file = (name: string) => path.join(context.dirs.logs(record.name), `exec_${operation.id}.${name}`);
  const url = (name: string) => `/1.0/instances/${record.name}/logs/exec_${operation.id}.${name}`;
  const isRecorded = post["record-output"];
  const output = (name: string): Op => (isRecorded ? [name, `file:${recordedBytes}:${file(name)}`] : [name, "null"]);
  const streams: Op[] = [["stdin", "null"], output("stdout"), output("stderr")];
  const process = await context.native.exec(cell, [...common, ...streams], "none");
  const code = await process.exited;
  if (isRecorded) await pruneExecLogs(context, record.name);
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

/** The words of a command in a container, but for its streams. */
export function execOps(
  context: Context,
  record: InstanceRecord,
  post: Pick<InstanceExecPost, "command" | "user" | "group" | "cwd" | "environment">,
): Op[] {
  const config = context.instances.inForce(record);
  const { lifecycle } = context.instances;
  const isPrivileged = instanceConfig(config).get("security.privileged");
  const home: Record<string, string> = post.user === 0 ? { HOME: "/root", USER: "root" } : {};
  const environment: Record<string, string> = {
    PATH: defaultPath,
    container: "lxc",
    LANG: "C.UTF-8",
    ...home,
    ...environmentOf(config),
    ...post.environment,
  };
  for (const name of Object.keys(post.environment ?? {}))
    if (name === "" || name.includes("="))
      throw badRequest(
        `Invalid environment variable name ${JSON.stringify(name)}. It must not be empty or contain "=".`,
      );
  return [
    ...context.instances.idOps(record),
    ...joinOps(lifecycle.groups.layout, lifecycle.group(record.name), lifecycle.need(record.name).cell.protocol > 0),
    ["seccomp", seccompFile(context.instances.seccompDir, config)],
    // A command follows what its own start can follow.
    ...rlimitOps(context.instances.expanded(record).config),
    ...personalityOps(record.architecture),
    ["cap-keep", capabilityMask(isPrivileged)],
    ["umask", "022"],
    ["user", post.user],
    ["group", post.group],
    // As LXD does: a folder that was asked for must be there, a home may be missing.
    post.cwd === "" ? ["home", environment.HOME || "/"] : ["cwd", post.cwd],
    ...envOps(environment),
    ...post.command.map((word): Op => ["arg", word]),
  ];
}
