/** Wait for a port: that somebody in the container listens on it, on whichever address. */
import { type ConditionKind, failed, untilTrue, type Watch } from "./watch";

/** State LISTEN of proc(5), /proc/net/tcp. */
const listen = "0A";

/** @param table text of /proc/net/tcp and /proc/net/tcp6 @returns the ports that are listened on, in order */
export function listenersIn(table: string): number[] {
  const ports = table.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const port = /^[0-9A-F]+:([0-9A-F]{4})$/.exec(local)?.[1];
    return port !== undefined && state === listen ? [Number.parseInt(port, 16)] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

const notFound = 127;

/** The files API of a server may be blind for what the kernel makes up; a program inside is not. */
async function listeners(watch: Watch): Promise<number[]> {
  const { client, signal } = watch.context;
  const command = ["cat", "/proc/net/tcp", "/proc/net/tcp6"];
  // It fails without IPv6, and tells what there is all the same.
  const { code, stdout } = await client.execOutput(watch.name, { command, signal });
  if (code === notFound)
    throw failed(
      watch,
      'its image has no program "cat", by which ports are looked up. Wait for "http" or "log" instead.',
    );
  return listenersIn(String(stdout));
}

export const port: ConditionKind = {
  missing: ({ condition }) => `nobody listened on port ${condition.port}`,
  until: (watch) =>
    untilTrue(watch, async () => {
      const ports = await listeners(watch);
      watch.saw(ports.length === 0 ? "nobody listens on any TCP port" : `listened on are ${ports.join(", ")}`);
      return ports.includes(watch.condition.port ?? 0);
    }),
};
