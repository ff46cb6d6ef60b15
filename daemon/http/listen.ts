/** Listen: the unix socket, for root and a group. */
import { chmodSync, chownSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { badRequest } from "../../sdk/api/errors";
import { hasUsersIds } from "../../sdk/host/own-ids";
import { containerIds } from "../../sdk/host/subordinate-ids";
import { ownName } from "../platform/folders/aside";
import type { Log } from "../platform/log";

/** A unix socket's address holds 108 bytes with the closing NUL. */
const maxAddressBytes = 107;

/** Connections that wait to be taken. A client that does not wait gets EAGAIN when there are more; the kernel's own bound is net.core.somaxconn. */
const backlog = 4096;

/** Opens the socket. A stale one of a killed daemon is replaced; a living daemon holds the database and never lets us come here. */
export async function listen(
  app: FastifyInstance,
  socketPath: string,
  group: string | undefined,
  log: Log,
): Promise<void> {
  // Under another name at first: whoever waits for the socket comes at once, and would be refused before it has its owner.
  const unnamed = `${socketPath}.new`;
  for (const file of [socketPath, unnamed]) {
    ownName(log, file);
    rmSync(file, { force: true });
  }
  // The server itself removes only the name that it knows.
  app.addHook("onClose", async () => rmSync(socketPath, { force: true }));
  await app.listen({ path: shortPath(unnamed), backlog });
  if (group !== undefined) chownSync(unnamed, process.getuid?.() ?? 0, groupId(group));
  else if (hasUsersIds) chownSync(unnamed, containerIds, containerIds);
  chmodSync(unnamed, 0o660);
  renameSync(unnamed, socketPath);
}

/** The same file by a short way: through a descriptor of its folder, which stays open since the server removes the socket by this path. */
function shortPath(socketPath: string): string {
  if (Buffer.byteLength(socketPath) <= maxAddressBytes) return socketPath;
  return `/proc/self/fd/${openSync(path.dirname(socketPath), "r")}/${path.basename(socketPath)}`;
}

/** @throws ApiError BAD_REQUEST */
function groupId(name: string): number {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  if (!Number.isInteger(id))
    throw badRequest(
      `Cannot give the socket to group "${name}": there is no such group. Create it, or leave out --group.`,
    );
  return id;
}
