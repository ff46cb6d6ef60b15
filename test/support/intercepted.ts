/** Containers whose system calls are answered from outside, and a program in them that makes such calls (test/native/guest/intercepted.c). */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Config, Devices } from "../../sdk/api/common";
import type { TestDaemon } from "./daemon";
import { buildGuest } from "./guest";

let built: Buffer | undefined;

function program(): Buffer {
  if (built !== undefined) return built;
  const dir = mkdtempSync(path.join(tmpdir(), "intercepted-"));
  buildGuest("intercepted", path.join(dir, "program"), "-pthread");
  built = readFileSync(path.join(dir, "program"));
  rmSync(dir, { recursive: true });
  return built;
}

/** Starts a container that has the program as `intercepted`. */
export async function launch(
  { client }: TestDaemon,
  name: string,
  config: Config,
  devices: Devices = {},
): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, config, devices })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  await client.putFile(name, "/bin/intercepted", program(), { mode: 0o755 });
}

/** What a shell command prints, errors included, trimmed. */
export async function inside({ client }: TestDaemon, name: string, command: string, user = 0): Promise<string> {
  const { stdout } = await client.execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`], user });
  return String(stdout).trim();
}
