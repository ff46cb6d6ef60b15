/** Args: what a program says of its environment, in the words of the resources for Pulumi (docs/provider.md). */
import type { Config, Device } from "../sdk";

export interface EnvironmentOptions {
  /**
   * How long the environment outlives the last sign of life of this process: "90s", "10m", "2h"; "10m" when absent. After that the daemon
   * deletes it (extension bothy_expiry).
   */
  readonly ttl?: string;
  /** Daemon to use, as for the client; by default what the environment names, and else this host's, which is started when it does not run. */
  readonly endpoint?: string;
  /** Storage pool of containers and volumes; that of the default profile's root disk when absent. */
  readonly pool?: string;
}

export interface VolumeArgs {
  readonly config?: Config;
  readonly description?: string;
}

export interface FileArgs {
  /** UTF-8 text, or bytes. */
  readonly content: string | Buffer;
  /** Permissions, octal; "0644" when absent. */
  readonly mode?: string;
  /** Owner, as the container sees it; root when absent. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface WaitArgs {
  /**
   * "ipv4": a global IPv4 address; "command": exit code 0 of `command`; "nothing": no wait. When absent: "ipv4" if the container has a nic,
   * then "command" if one is given.
   */
  readonly for?: "ipv4" | "command" | "nothing";
  /** Program and arguments, run in the container again and again until its exit code is 0. No shell is added. */
  readonly command?: readonly string[];
  /** 120 when absent. */
  readonly timeoutSeconds?: number;
}

export interface ContainerArgs {
  /** Such as "template:busybox", "images:alpine/3.20", "docker:postgres:17", an alias or a fingerprint. */
  readonly image: string;
  readonly config?: Config;
  /** More devices than the root disk and "eth0", which the environment gives; one of these names replaces that. */
  readonly devices?: Readonly<Record<string, Device>>;
  /** Volumes of the environment, by the path at which the container has them. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Profiles of the environment's own project; none when absent. */
  readonly profiles?: readonly string[];
  readonly description?: string;
  /** Whether the container runs; true when absent. */
  readonly running?: boolean;
  /** Files of the root disk by absolute path, written before the first start. Missing folders are made; a volume hides what is below its path. */
  readonly files?: Readonly<Record<string, FileArgs>>;
  readonly wait?: WaitArgs;
}

export interface RunOptions {
  /** What the command reads; nothing when absent. */
  readonly input?: string | Buffer;
  readonly environment?: Readonly<Record<string, string>>;
  /** As seen inside; root when absent. */
  readonly user?: number;
  readonly group?: number;
  /** Working folder inside. */
  readonly cwd?: string;
  /** Kills the command. */
  readonly signal?: AbortSignal;
}

export interface CommandOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
