/** Container of an environment: what a test asks of it. */
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { ApiError, type Client } from "../sdk";
import type { CommandOutput, RunOptions } from "./args";

/** Longest part of a command's output that an error shows, in characters. */
const shownLength = 2000;

export class Container {
  constructor(
    /** Of the environment's project. */
    private readonly client: Client,
    readonly name: string,
    /** What it has in the environment's network; the same in each fork. Nothing where it has no nic there. */
    readonly ipv4Address: string | undefined,
  ) {}

  /** Runs a command to its end. No shell is added. @returns its output, whatever its exit code */
  async exec(command: readonly string[], options: RunOptions = {}): Promise<CommandOutput> {
    const { input, ...rest } = options;
    const { code, stdout, stderr } = await this.client.execOutput(this.name, { ...rest, command }, input);
    return { code, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** Runs a command that must succeed. @returns what it printed @throws Error with its exit code and output */
  async run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, options);
    if (code === 0) return stdout;
    const said = `${stderr}${stdout}`.trim().slice(-shownLength);
    throw new Error(`"${command.join(" ")}" in container "${this.name}" ended with exit code ${code}: ${said}`);
  }

  /** @throws ApiError NOT_FOUND */
  async readFile(path: string): Promise<string> {
    const file = await this.client.getFile(this.name, path);
    if (file.type === "file") return text(file.body);
    throw new ApiError("BAD_REQUEST", `Cannot read "${path}": it is a ${file.type}.`);
  }

  async writeFile(path: string, content: string | Buffer, mode = "0644"): Promise<void> {
    await this.client.putFile(this.name, path, content, { mode: Number.parseInt(mode, 8) });
  }

  /**
   * Makes a TCP port of the container one of the host's, on 127.0.0.1: the way into a fork, whose network the host does not see.
   * @returns the host's port
   */
  async publish(port: number): Promise<number> {
    const listen = await freePort();
    const device = {
      type: "proxy",
      listen: `tcp:127.0.0.1:${listen}`,
      connect: `tcp:127.0.0.1:${port}`,
    };
    await this.client.patchInstance(this.name, { devices: { [`port${port}`]: device } });
    return listen;
  }
}

/** A port that is free now; the kernel does not give it to the next one at once. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
