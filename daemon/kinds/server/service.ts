/** Server: what GET /1.0 tells, and the server's own configuration. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import os from "node:os";
import type { Config } from "../../../sdk/api/common";
import { serverKeys } from "../../../sdk/api/config/server";
import { packageVersion } from "../../../sdk/host/package";
import { withoutEmpty } from "../../core/merge";
import { requireConfig } from "../../core/validate";
import { hostArchitectures } from "../../platform/host/architecture";
import { apiExtensions } from "./extensions";
import type { ServerHome } from "./home";
import { ServerStore } from "./store";

const uuidKey = "state.uuid";

/** The LXD whose contract we speak (docs/lxd-api.md, Server). */
const lxdVersion = "5.0.2";

export class ServerService {
  readonly store: ServerStore;
  #storageDrivers: readonly string[] = [];

  constructor(private readonly home: ServerHome) {
    this.store = new ServerStore(home.database);
  }

  /** What tells this server from every other one for as long as its database lives; absent when it cannot be kept, as on a full disk. */
  #uuid(): string | undefined {
    const known = this.store.get(uuidKey);
    if (known !== undefined) return known;
    const made = randomUUID();
    try {
      this.store.set(uuidKey, made);
      return made;
    } catch (error) {
      this.home.log.warning("Cannot keep an id for this server; the next answer tries again", { error });
      return undefined;
    }
  }

  config(): Config {
    return this.store.family("config.");
  }

  /** Replaces the configuration. What stays as it is stored is not judged: it may be of another version. @throws ApiError BAD_REQUEST */
  setConfig(config: Config): void {
    const stored = this.config();
    requireConfig(
      serverKeys,
      Object.fromEntries(Object.entries(config).filter(([key, value]) => stored[key] !== value)),
    );
    this.home.database.transaction(() => {
      for (const key of Object.keys(this.config())) this.store.delete(`config.${key}`);
      for (const [key, value] of Object.entries(withoutEmpty(config))) this.store.set(`config.${key}`, value);
    });
  }

  /** Takes note of the storage drivers that this host can use. */
  setStorageDrivers(drivers: readonly string[]): void {
    this.#storageDrivers = drivers;
  }

  /** The answer of GET /1.0. @param project that the client works in */
  render(project: string) {
    const pools = this.home.storagePools.records();
    const used = [...new Set(pools.map((pool) => pool.driver))];
    return {
      config: this.config(),
      api_extensions: apiExtensions,
      api_status: "stable",
      api_version: "1.0",
      auth: "trusted",
      public: false,
      auth_methods: ["tls"],
      environment: {
        addresses: [],
        architectures: hostArchitectures,
        certificate: "",
        certificate_fingerprint: "",
        driver: "lxc",
        driver_version: packageVersion(),
        firewall: "nftables",
        kernel: "Linux",
        kernel_architecture: os.machine(),
        kernel_features: {},
        kernel_version: os.release(),
        lxc_features: {},
        os_name: osRelease("NAME"),
        os_version: osRelease("VERSION_ID"),
        project,
        server: "lxd",
        server_clustered: false,
        server_event_mode: "full-mesh",
        server_name: os.hostname(),
        server_pid: process.pid,
        server_uuid: this.#uuid(),
        server_version: lxdVersion,
        storage: used.join(" | "),
        storage_version: used.map(() => "1").join(" | "),
        storage_supported_drivers: this.#storageDrivers.map((name) => ({ Name: name, Version: "1", Remote: false })),
      },
    };
  }
}

function osRelease(key: string): string {
  try {
    return new RegExp(`^${key}="?([^"\n]*)`, "m").exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
