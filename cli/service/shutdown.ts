/** Shutdown: the clean end of all containers and of the daemon, for the service that stops with the host. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, unavailable } from "../../sdk/api/errors";
import { bothydProgram } from "../../sdk/host/package";
import { type Client, endpointText, isNobodyListening } from "../../sdk/index";
import type { Output } from "../output";

const askPauseMs = 100;

/** Asks the daemon. One that was stopped while its containers went on is started once more for them. */
export async function shutDown(client: Client, dir: string, output: Output): Promise<void> {
  try {
    await client.shutDown({ force: true });
  } catch (error) {
    if (!isNobodyListening(error)) throw error;
    if (!hasContainers(dir)) {
      output.say(`Nothing to stop: nobody listens at ${endpointText(client.endpoint)}, and no container runs.`);
      return;
    }
    await shutDownByOwnDaemon(client, dir);
  }
  output.say("Stopped all containers and the daemon.");
}

/** Every container that runs has its supervisor's socket there. */
function hasContainers(dir: string): boolean {
  try {
    return readdirSync(path.join(dir, "cells"), { withFileTypes: true }).some((entry) => entry.isDirectory());
  } catch {
    // No folder of ours: no container either.
    return false;
  }
}

/** @throws Error when the daemon leaves before it has stopped them */
async function shutDownByOwnDaemon(client: Client, dir: string): Promise<void> {
  const child = spawn(bothydProgram, ["--dir", dir], { stdio: ["ignore", "inherit", "inherit"] });
  const end = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`the daemon left with ${signal ?? `exit code ${code}`}`)));
  });
  try {
    await Promise.race([untilItAnswers(client), end]);
    await Promise.race([client.shutDown({ force: true }), end]);
  } catch (error) {
    throw unavailable(`Cannot stop the containers: ${(error as Error).message}.`, { cause: error });
  }
}

async function untilItAnswers(client: Client): Promise<void> {
  for (;;) {
    try {
      await client.getServer();
      return;
    } catch (error) {
      if (!ApiError.is(error) || error.code !== "UNAVAILABLE") throw error;
      await sleep(askPauseMs);
    }
  }
}
