/** Listening: the addresses at which the server is on the network, each by its key and its door. */
import type { Config } from "../../../sdk/api/common";
import { type ListenAddress, listenAddressText } from "../../../sdk/api/config/listen-address";
import { serverConfig } from "../../../sdk/api/config/server";
import type { Revert } from "../../core/revert";
import { toApiError } from "../../platform/errors";
import type { DoorPort, ServerHome } from "./home";

const retryMs = 10_000;

interface Place {
  readonly key: "core.dns_address" | "core.https_address" | "core.metrics_address";
  readonly door: DoorPort;
  readonly warning: "dnsAddress" | "httpsAddress" | "metricsAddress";
  readonly name: string;
}

export class Listening {
  readonly #places: readonly Place[];

  constructor(private readonly home: ServerHome) {
    this.#places = [
      { key: "core.https_address", door: home.door, warning: "httpsAddress", name: "HTTPS" },
      { key: "core.metrics_address", door: home.metricsDoor, warning: "metricsAddress", name: "readers of metrics" },
      { key: "core.dns_address", door: home.dnsDoor, warning: "dnsAddress", name: "peers of network zones" },
    ];
  }

  /** Moves to the addresses of another configuration. @param undo goes back to those of the one before @throws ApiError BAD_REQUEST for an address at which nobody can listen */
  async follow(before: Config, after: Config, undo: Revert): Promise<void> {
    const moved = this.#moved(before, after);
    // Those that are given up first: another may want their place.
    for (const place of moved.toSorted((one, other) => Number(isSet(after, one)) - Number(isSet(after, other)))) {
      await this.#moveTo(place, serverConfig(after).get(place.key));
      undo.add(() => this.#moveTo(place, serverConfig(before).get(place.key)));
    }
  }

  /** What was warned of is over once a change is stored. */
  settled(before: Config, after: Config): void {
    for (const { warning } of this.#moved(before, after)) this.home.warnings.resolve(warning);
  }

  #moved(before: Config, after: Config): Place[] {
    return this.#places.filter(({ key }) => serverConfig(before).text(key) !== serverConfig(after).text(key));
  }

  async #moveTo({ door, name }: Place, address: ListenAddress | undefined): Promise<void> {
    await door.move(address);
    if (address === undefined) this.home.log.info(`Does not listen for ${name} any more`);
    else this.home.log.info(`Listens for ${name}`, { address: listenAddressText(address) });
  }

  /** Listens as the configuration says. An address may come later than the daemon, as an interface does: then it is tried again. @param config as it is at each try */
  async start(config: () => Config): Promise<void> {
    await Promise.all(this.#places.map((place) => this.#start(place, config)));
  }

  async #start(place: Place, config: () => Config): Promise<void> {
    const address = serverConfig(config()).get(place.key);
    if (address === undefined || place.door.address !== undefined) return;
    try {
      await this.#moveTo(place, address);
      this.home.warnings.resolve(place.warning);
    } catch (error) {
      this.home.warnings.record(place.warning, { message: toApiError(error).message });
      setTimeout(() => void this.#start(place, config), retryMs).unref();
    }
  }
}

const isSet = (config: Config, { key }: Place): boolean => serverConfig(config).has(key);
