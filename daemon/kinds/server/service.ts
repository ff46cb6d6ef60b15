/** Server: what GET /1.0 tells, and the server's own configuration. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP, SocketAddress } from "node:net";
import os from "node:os";
import type { Config } from "../../../sdk/api/common";
import { lxdServerKeys } from "../../../sdk/api/config/lxd-words";
import { serverConfig, serverKeys } from "../../../sdk/api/config/server";
import { isNested } from "../../../sdk/host/own-ids";
import { packageVersion } from "../../../sdk/host/package";
import { expiryTime } from "../../core/expiry-time";
import { withoutEmpty } from "../../core/merge";
import type { Reference } from "../../core/references/store";
import { Revert } from "../../core/revert";
import { requireConfig } from "../../core/validate";
import type { Cors } from "../../http/cors";
import { reachableAddresses } from "../../platform/host/addresses";
import { hostArchitectures } from "../../platform/host/architecture";
import { apiExtensions } from "./extensions";
import type { ServerHome } from "./home";
import { Homes, serverRef } from "./homes";
import { Listening } from "./listening";
import { kept } from "./shown-config";
import { ServerStore } from "./store";
import { hashOf, isPassword } from "./trust-password";

const uuidKey = "state.uuid";
const passwordKey = "core.trust_password";

/** What LXD asks of a kernel; those on which the daemon starts have it, and none has shiftfs. */
const kernelFeatures = {
  idmapped_mounts: String(!isNested),
  netnsid_getifaddrs: "true",
  seccomp_listener: "true",
  seccomp_listener_continue: "true",
  shiftfs: "false",
  uevent_injection: "true",
  unpriv_fscaps: "true",
};

/** The LXD whose contract we speak (docs/lxd-api.md, Server). */
const lxdVersion = "5.0.2";

export class ServerService {
  readonly store: ServerStore;
  #storageDrivers: Promise<readonly string[]> = Promise.resolve([]);

  readonly #listening: Listening;
  readonly #homes: Homes;

  constructor(private readonly home: ServerHome) {
    this.store = new ServerStore(home.database);
    this.#listening = new Listening(home);
    this.#homes = new Homes(home);
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

  /** The configuration as it is shown: of a password that there is one. */
  config(): Config {
    const stored = this.#stored();
    return this.#hash(stored) === undefined ? stored : { ...stored, [passwordKey]: kept };
  }

  #stored(): Config {
    return this.store.family("config.");
  }

  #hash(stored: Config): string | undefined {
    return serverConfig(stored).text(passwordKey);
  }

  /**
   * Replaces the configuration, and moves to another address before it is stored. What stays as it is stored is not judged: it may be of another version.
   * @throws ApiError BAD_REQUEST, also for an address at which nobody can listen
   */
  async setConfig(config: Config): Promise<void> {
    const shown = this.config();
    requireConfig(
      serverKeys,
      Object.fromEntries(Object.entries(config).filter(([key, value]) => shown[key] !== value)),
      lxdServerKeys,
    );
    const stored = this.#stored();
    const next = withoutEmpty({ ...config, [passwordKey]: await this.#nextHash(stored, config) });
    await using undo = new Revert(this.home.log);
    await this.#listening.follow(stored, next, undo);
    await this.#homes.copy(stored, next, undo);
    this.home.database.transaction(() => {
      this.#homes.requireThere(stored, next);
      this.home.references.say(serverRef, this.#homes.targets(next));
      for (const key of Object.keys(stored)) this.store.delete(`config.${key}`);
      for (const [key, value] of Object.entries(next)) this.store.set(`config.${key}`, value);
    });
    undo.keep();
    this.#listening.settled(stored, next);
    await this.#homes.settle(stored, next);
    this.#warnOfBgp();
  }

  /** Tells whoever wants routes announced that this server announces none. */
  #warnOfBgp(): void {
    const config = serverConfig(this.#stored());
    const key = (["core.bgp_asn", "core.bgp_address"] as const).find((one) => config.has(one));
    if (key === undefined) this.home.warnings.resolve("bgp");
    else
      this.home.warnings.record("bgp", {
        message: `"${key}" is kept, but this server speaks no BGP. Let a router daemon of the host, such as bird, announce the subnets of networks.`,
      });
  }

  /** Who sends back what is shown leaves the password as it is. */
  async #nextHash(stored: Config, config: Config): Promise<string> {
    const given = serverConfig(config).text(passwordKey) ?? "";
    if (given === kept) return this.#hash(stored) ?? "";
    return given === "" ? "" : await hashOf(given);
  }

  /** Whether a text is the password that makes clients trusted. @throws ApiError UNAVAILABLE while too many ask at once */
  async isTrustPassword(given: string): Promise<boolean> {
    const hash = this.#hash(this.#stored());
    return hash !== undefined && given !== "" && (await isPassword(hash, given));
  }

  /** When a token expires that is made now; undefined for never. */
  tokenExpiry(): Date | undefined {
    const expiry = serverConfig(this.config()).text("core.remote_token_expiry");
    return expiry === undefined ? undefined : new Date(expiryTime(expiry, new Date()));
  }

  /** Listens on the network as the configuration says. */
  startListening(): Promise<void> {
    this.#warnOfBgp();
    return this.#listening.start(() => this.#stored());
  }

  /** Finds images and backups that lie in custom volumes. */
  findHomes(): Promise<void> {
    return this.#homes.start(this.#stored());
  }

  /** What the server refers to. */
  said(): Reference[] {
    return this.#homes.targets(this.#stored()).map((target) => ({ owner: serverRef, target }));
  }

  get trustsSigned(): boolean {
    return serverConfig(this.#stored()).get("core.trust_ca_certificates");
  }

  /** @param address of a client, as its connection has it */
  isProxy(address: string): boolean {
    const proxies = serverConfig(this.#stored()).get("core.https_trusted_proxy");
    return proxies?.some((proxy) => isSameAddress(proxy, address)) ?? false;
  }

  /** What pages of other sites may; nothing while no site is allowed. */
  get cors(): Cors | undefined {
    const config = serverConfig(this.#stored());
    const origin = config.text("core.https_allowed_origin");
    if (origin === undefined) return undefined;
    return {
      origin,
      methods: config.text("core.https_allowed_methods"),
      headers: config.text("core.https_allowed_headers"),
      credentials: config.get("core.https_allowed_credentials"),
    };
  }

  /** Minutes that a shutdown waits for operations. */
  get shutdownTimeout(): number {
    return serverConfig(this.#stored()).get("core.shutdown_timeout");
  }

  get guardsMetrics(): boolean {
    return serverConfig(this.#stored()).get("core.metrics_authentication");
  }

  /** Where clients reach the server over the network. */
  addresses(): string[] {
    const { address } = this.home.door;
    return address === undefined ? [] : reachableAddresses(address);
  }

  /** Takes note of the storage drivers that this host can use, once it is known. @param drivers does not reject */
  setStorageDrivers(drivers: Promise<readonly string[]>): void {
    this.#storageDrivers = drivers;
  }

  get storageDrivers(): Promise<readonly string[]> {
    return this.#storageDrivers;
  }

  /** What everybody may know. */
  greeting() {
    return {
      api_extensions: apiExtensions,
      api_status: "stable",
      api_version: "1.0",
      auth: "untrusted",
      public: false,
      auth_methods: ["tls"],
    };
  }

  /** The answer of GET /1.0. @param project that the client works in @param config what of the configuration is for who asks to see */
  async render(project: string, config: Record<string, string | true>) {
    const drivers = await this.#storageDrivers;
    const pools = this.home.storagePools.records();
    const used = [...new Set(pools.map((pool) => pool.driver))];
    const certificate = this.home.certificate.known();
    return {
      config,
      ...this.greeting(),
      auth: "trusted",
      environment: {
        addresses: this.addresses(),
        architectures: hostArchitectures,
        certificate: certificate?.pem ?? "",
        certificate_fingerprint: certificate?.fingerprint ?? "",
        driver: "lxc",
        driver_version: packageVersion(),
        firewall: "nftables",
        kernel: "Linux",
        kernel_architecture: os.machine(),
        kernel_features: kernelFeatures,
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
        storage_supported_drivers: drivers.map((name) => ({ Name: name, Version: "1", Remote: false })),
      },
    };
  }
}

/** Whether two texts are one address; one of IPv6 can be written in many ways, and IPv4 as a part of it. */
const isSameAddress = (one: string, other: string): boolean => plainAddress(one) === plainAddress(other);

function plainAddress(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(plain) === 6 ? new SocketAddress({ address: plain, family: "ipv6" }).address : plain;
}

/** Read once: every client asks for the server first. */
const release: { text?: string } = {};

function osRelease(key: string): string {
  release.text ??= readRelease();
  return new RegExp(`^${key}="?([^"\n]*)`, "m").exec(release.text)?.[1] ?? "";
}

function readRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
