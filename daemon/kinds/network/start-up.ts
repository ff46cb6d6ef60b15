/** Start-up: networks come up with the daemon, and go down with the host. */
import { readdir, rm } from "node:fs/promises";
import { NetworkName } from "../../../sdk/api/common";
import { ref, urlOf } from "../../core/ref";
import { ignoring } from "../../platform/folders/files";
import type { NetworkDriver, NetworkPlace, NetworkStart } from "./driver";
import { egressFile } from "./egress/known";
import type { NetworkHome } from "./home";
import { natProxiesOn } from "./nat-proxy";
import type { NetworkNics } from "./nics";
import type { NetworkRecord, NetworkStore } from "./store";
import { portsOn } from "./usage";

/** What there may be in the folder of a network that we made. */
const isFileOfNetwork = (name: string) => name.startsWith("dnsmasq.") || name.startsWith(egressFile);

type Named = Pick<NetworkRecord, "name">;
type OnRefusal = (network: Named, error: unknown) => void;

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
    const begun = this.#byDriver(
      (record) => {
        this.home.damages.requireNone(urlOf(ref("network", record.name)), `start network "${record.name}"`);
        return this.#startOf(record);
      },
      (record, error) => this.#hasNotStarted(record, error),
    );
    for (const [driver, starts] of begun) {
      const left = new Set(starts.map(({ network }) => network));
      await driver.startAll(starts, (network, error) => {
        left.delete(network);
        this.#hasNotStarted(network, error);
      });
      for (const network of left)
        try {
          await this.known.nics.forgetLost(network.name);
          this.worksAgain(network.name);
        } catch (error) {
          this.#hasNotStarted(network, error);
        }
    }
  }

  /** What is made of each record, by the driver of its type; what cannot be made is told of, and the others go on. */
  #byDriver<T>(make: (record: NetworkRecord) => T, failed: OnRefusal): Map<NetworkDriver, T[]> {
    const made = new Map<NetworkDriver, T[]>();
    for (const record of this.known.store.list())
      try {
        const driver = this.known.driverOf(record.type);
        const one = make(record);
        made.set(driver, [...(made.get(driver) ?? []), one]);
      } catch (error) {
        failed(record, error);
      }
    return made;
  }

  #startOf(record: NetworkRecord): NetworkStart {
    const options = {
      ports: portsOn(this.home.nicOwners, record.name),
      proxies: natProxiesOn(this.home.nicOwners, record.name),
    };
    return { network: this.known.placeOf(record), options };
  }

  #hasNotStarted({ name }: Named, error: unknown): void {
    this.#failed.add(name);
    const message = `Cannot start network "${name}"`;
    this.home.warnings.record("networkUnavailable", { message, entity: urlOf(ref("network", name)), error });
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

  /** It was started since. */
  worksAgain(name: string): void {
    this.#failed.delete(name);
    this.home.warnings.resolve("networkUnavailable", urlOf(ref("network", name)));
  }

  /** Takes every network down, for the shutdown of the host; leases and host entries stay. */
  async stopAll(): Promise<void> {
    const failed: OnRefusal = ({ name }, error) => this.home.log.error(`Cannot stop network "${name}"`, { error });
    const places = this.#byDriver((record) => this.known.placeOf(record), failed);
    for (const [driver, networks] of places) await driver.stopAll(networks, failed);
  }
}
