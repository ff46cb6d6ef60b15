/** Users of this host, by their ids. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { hasUsersIds } from "../../../sdk/host/own-ids";
import { outerId } from "../../../sdk/host/user-namespace";

/** Names that only a directory service knows are asked for again after this. */
const keepMs = 60_000;
const longestMs = 1000;

const execute = promisify(execFile);
const asked = new Map<number, { readonly name: string; readonly at: number }>();

/** The name of a user, or as LXD says it of one that has none, `uid=1000`. @param own as this process sees the id */
export async function userName(own: number): Promise<string> {
  const uid = hasUsersIds ? outerId(own) : own;
  const known = asked.get(uid);
  if (known !== undefined && Date.now() - known.at < keepMs) return known.name;
  const name = nameIn(readPasswd(), uid) ?? nameIn(await fromDirectory(uid), uid) ?? `uid=${uid}`;
  asked.set(uid, { name, at: Date.now() });
  return name;
}

/** @param lines in the form of passwd(5) */
function nameIn(lines: string, uid: number): string | undefined {
  const fields = lines.split("\n").map((line) => line.split(":"));
  return fields.find(([, , id]) => id === String(uid))?.[0] || undefined;
}

function readPasswd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

/** What the host's directory services say, which /etc/passwd does not have. */
async function fromDirectory(uid: number): Promise<string> {
  try {
    return (await execute("getent", ["passwd", String(uid)], { timeout: longestMs })).stdout;
  } catch {
    return "";
  }
}
