/** Secure: lets a daemon listen for HTTPS and asks it there, as a client that it trusts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { type Identity, makeIdentity } from "../test/support/https";
import type { RawClient } from "./client";
import type { Place, Question, Told } from "./secure-process";

const program = path.join(__dirname, "secure-process.js");
const ownPort = 8443;
const addressKey = "core.https_address";

export class Secure {
  private constructor(
    private readonly client: RawClient,
    private readonly child: ChildProcess,
    private readonly identity: Identity,
    private readonly hasOpened: boolean,
  ) {}

  /** @param netns file of the daemon's network namespace */
  static async to(client: RawClient, netns: string): Promise<Secure> {
    const { config } = await client.get<{ config: Record<string, string> }>("/1.0");
    const known = /:(\d+)$/.exec(config[addressKey] ?? "")?.[1];
    if (known === undefined) await client.call("PATCH", "/1.0", { config: { [addressKey]: `127.0.0.1:${ownPort}` } });
    const identity = makeIdentity("bench");
    await client.call("POST", "/1.0/certificates", { type: "client", name: "bench", certificate: identity.der });
    const child = spawn("nsenter", [`--net=${netns}`, "--", process.execPath, program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const place: Place = {
      port: known === undefined ? ownPort : Number(known),
      cert: identity.cert,
      key: identity.key,
    };
    child.send(place);
    return new Secure(client, child, identity, known === undefined);
  }

  /** @returns the milliseconds of a request, the mean of all @throws Error when one fails */
  async ms(question: Question): Promise<number> {
    this.child.send(question);
    const [told] = (await once(this.child, "message")) as [Told];
    if ("error" in told) throw new Error(told.error);
    return told.ms;
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, "exit");
      this.child.kill();
      await gone;
    }
    await this.client.call("DELETE", `/1.0/certificates/${this.identity.fingerprint}`);
    if (this.hasOpened) await this.client.call("PATCH", "/1.0", { config: { [addressKey]: "" } });
  }
}
