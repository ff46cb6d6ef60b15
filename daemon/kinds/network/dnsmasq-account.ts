/** The account that dnsmasq becomes once its sockets are open: one without rights, when it can reach its files. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { readText } from "../../platform/folders/files";
import type { NetworkPlace } from "./driver";

export interface Account {
  readonly user: string;
  readonly group: string;
  readonly gid: number;
}

/** Whoever we are: as it starts, so it stays. */
const ownAccount: Account = { user: "root", group: "root", gid: 0 };

/** @returns an account of /etc/passwd whose group may read a network's files; root where the state folder lets nobody through */
export async function dnsmasqAccount(network: NetworkPlace): Promise<Account> {
  for (let folder = path.dirname(network.path); ; folder = path.dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return ownAccount;
    if (folder === path.dirname(folder)) break;
  }
  const [users, groups] = await Promise.all(["/etc/passwd", "/etc/group"].map(table));
  for (const name of ["dnsmasq", "nobody"]) {
    const gid = Number(users?.find(([user]) => user === name)?.[3]);
    const group = groups?.find((fields) => Number(fields[2]) === gid)?.[0];
    if (gid > 0 && group !== undefined) return { user: name, group, gid };
  }
  return ownAccount;
}

const table = async (file: string): Promise<string[][]> =>
  ((await readText(file)) ?? "").split("\n").map((line) => line.split(":"));
