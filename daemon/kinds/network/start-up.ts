/** Start-up: networks come up with the daemon, and go down with the host. */
import { readdir, rm } from "node:fs/promises";
import { NetworkName } from "../../../sdk/api/common";
import { forEachAtMost } from "../../core/at-most";
import { ref, urlOf } from "../../core/ref";
import { ignoring } from "../../platform/folders/files";
import type { NetworkDriver, NetworkPlace } from "./driver";
import { egressFile } from "./egress/known";
import type { NetworkHome } from "./home";
import { natProxiesOn } from "./nat-proxy";
import type { NetworkNics } from "./nics";
import type { NetworkRecord, NetworkStore } from "./store";
import { portsOn } from "./usage";

/** So many share one change of nftables' rules (rule-loader.ts), and more programs at once would only wait for processors. */
const startedAtOnce = 16;

/** What there may be in the folder of a network that we made. */
const isFileOfNetwork = (name: string) => name.startsWith("dnsmasq.") || name.startsWith(egressFile);

/** What it needs of the networks. */
interface Known {
  readonly store: NetworkStore;
  readonly nics: NetworkNics;
  drivers(): readonly NetworkDriver[];
  /** @throws ApiError BAD_REQUEST for a type that this daemon does not have */
  driverOf(type: string): NetworkDriver;
  placeOf(record: NetworkRecord): NetworkPlace;
}

export class NetworkStartUp {
  /** Networks that did not start with the daemon. */
  readonly #failed = new Set<string>();

  constructor(
    private readonly home: NetworkHome,
    private readonly known: Known,
  ) {}

  /** Whether a network did not start, and was not started since. */
  hasFailed(name: string): boolean {
    return this.#failed.has(name);
  }

  /** Of a network that is deleted. */
  forget(name: string): void {
    this.#failed.delete(name);
  }

  /** Brings every network up; what still runs from before is kept. A network that cannot start is logged and shown as Unavailable. */
  async startAll(): Promise<void> {
    await this.#sweep();
    await forEachAtMost(startedAtOnce, this.known.store.list(), (record) => this.#startWithDaemon(record));
  }

  /** Takes down what an earlier daemon had begun to make, rename or delete when it was killed: its folder is there, its record is not. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(this.home.dirs.networks)) {
      if (this.known.store.find(name) !== undefined || !(await this.#isUnfinished(name))) continue;
      const place = { name, config: {}, path: this.home.dirs.network(name) };
      try {
        for (const driver of this.known.drivers()) await driver.stop(place);
        await rm(place.path, { recursive: true, force: true });
      } catch (error) {
        this.home.log.error(`Cannot remove the unfinished network "${name}"`, { error });
      }
    }
  }

  /** Whether a folder is one that we made, and not what a restored database does not know any more. */
  async #isUnfinished(name: string): Promise<boolean> {
    const folder = this.home.dirs.network(name);
    const isOurs = NetworkName.safeParse(name).success && (await ignoring(["ENOTDIR", "ENOENT"], readdir(folder)));
    return Array.isArray(isOurs) && isOurs.every(isFileOfNetwork) && this.home.isCrashLeftover(folder);
  }

  async #startWithDaemon(record: NetworkRecord): Promise<void> {
    try {
      this.home.damages.requireNone(urlOf(ref("network", record.name)), `start network "${record.name}"`);
      await this.known.driverOf(record.type).start(this.known.placeOf(record), {
        ports: portsOn(this.home.nicOwners, record.name),
        proxies: natProxiesOn(this.home.nicOwners, record.name),
      });
      await this.known.nics.forgetLost(record.name);
      this.worksAgain(record.name);
    } catch (error) {
      this.#failed.add(record.name);
      const message = `Cannot start network "${record.name}"`;
      this.home.warnings.record("networkUnavailable", { message, entity: urlOf(ref("network", record.name)), error });
    }
  }

  /** It was started since. */
  worksAgain(name: string): void {
    this.#failed.delete(name);
    this.home.warnings.resolve("networkUnavailable", urlOf(ref("network", name)));
  }

  /** Takes every network down, for the shutdown of the host; leases and host entries stay. */
  async stopAll(): Promise<void> {
    for (const record of this.known.store.list())
      try {
        await this.known.driverOf(record.type).stop(this.known.placeOf(record));
      } catch (error) {
        this.home.log.error(`Cannot stop network "${record.name}"`, { error });
      }
  }
}
