/** Forwards of networks: their rules. A change reaches the traffic before it is stored, and is taken back when it cannot. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { ApiError, badRequest, conflict, notFound } from "../../../../sdk/api/errors";
import { type Address, plainAddress } from "../../../../sdk/api/ip-address";
import type { NetworkForward, NetworkForwardPut, NetworkForwardsPost } from "../../../../sdk/api/network-forward";
import type { Call } from "../../../core/call";
import { withoutEmpty } from "../../../core/merge";
import { Revert } from "../../../core/revert";
import { toApiError } from "../../../platform/errors";
import type { NetworkHome } from "../home";
import type { NetworkRecord } from "../store";
import { isInNetwork, isWithin, subnetTextOf } from "./addresses";
import { requireForward, requireListenAddress } from "./check";
import { type ForwardRecord, NetworkForwardStore } from "./store";

/** The networks that forwards belong to. */
export interface ForwardNetworks {
  /** All of them. */
  records(): readonly NetworkRecord[];
  /** One that who calls may use. @throws ApiError NOT_FOUND */
  allowed(call: Call, name: string): NetworkRecord;
  /** Replaces the rules of a network that is up, in one step. @throws ApiError when they cannot be loaded */
  applyForwards(network: string, forwards: readonly ForwardRecord[]): Promise<void>;
  /** Waits for its turn with whatever plans subnets. */
  planned<T>(work: () => Promise<T>): Promise<T>;
}

export class NetworkForwards {
  readonly store: NetworkForwardStore;

  constructor(
    private readonly home: NetworkHome,
    private readonly networks: ForwardNetworks,
  ) {
    this.store = new NetworkForwardStore(home.database);
  }

  /** A network whose forwards, or peers, are asked for. @throws ApiError NOT_FOUND when it is not there, or not for who calls */
  network(call: Call, name: string): NetworkRecord {
    try {
      return this.networks.allowed(call, name);
    } catch (error) {
      throw within("Failed loading network", error);
    }
  }

  /** Those of one network. @throws ApiError NOT_FOUND as above, BAD_REQUEST for a network of a type that has none */
  of(call: Call, name: string): ForwardsOfNetwork {
    const network = this.network(call, name);
    if (network.type !== "bridge") throw badRequest(`Network driver "${network.type}" does not support forwards`);
    return new ForwardsOfNetwork(this.home, this.networks, this.store, network);
  }

  /**
   * Refuses a network, new or changed, that one of its forwards does not fit, or whose subnet has the address of another one's.
   * @throws ApiError BAD_REQUEST that names the forward
   */
  requireFit(after: Pick<NetworkRecord, "name" | "config">): void {
    for (const { network, listen_address } of this.store.list())
      if (network !== after.name && isInNetwork(requireListenAddress(listen_address), after.config))
        throw badRequest(
          `Network "${after.name}" cannot have a subnet with ${listen_address}: A forward of network "${network}" listens there. Choose another.`,
        );
    for (const forward of this.store.list(after.name))
      try {
        requireForward(after, requireListenAddress(forward.listen_address), forward);
      } catch (error) {
        throw within(
          `Failed updating network "${after.name}": Its forward of ${forward.listen_address} does not fit`,
          error,
        );
      }
  }
}

export class ForwardsOfNetwork {
  constructor(
    private readonly home: NetworkHome,
    private readonly networks: ForwardNetworks,
    private readonly store: NetworkForwardStore,
    private readonly network: NetworkRecord,
  ) {}

  list(): NetworkForward[] {
    return this.store.list(this.network.name).map(shown);
  }

  /** @throws ApiError NOT_FOUND */
  get(_call: Call, address: string): NetworkForward {
    return shown(this.#record(address));
  }

  create(call: Call, post: NetworkForwardsPost): Promise<void> {
    return this.#change(call, "Failed creating forward", (now) => {
      const listen = requireListenAddress(post.listen_address);
      requireForward(this.network, listen, post);
      if (now.some(({ listen_address }) => listen_address === listen.text))
        throw conflict("A forward for that listen address already exists");
      this.#requireFree(listen);
      const forward = this.#forward(listen.text, post);
      return { next: [...now, forward], store: () => this.store.insert(forward) };
    });
  }

  update(call: Call, address: string, put: NetworkForwardPut): Promise<void> {
    return this.#change(call, "Failed updating forward", (now) => {
      const { listen_address } = this.#record(address);
      requireForward(this.network, requireListenAddress(listen_address), put);
      const after = this.#forward(listen_address, put);
      const next = now.map((one) => (one.listen_address === listen_address ? after : one));
      return { next, store: () => this.store.update(after) };
    });
  }

  delete(call: Call, address: string): Promise<void> {
    return this.#change(call, "Failed deleting forward", (now) => {
      const { network, listen_address } = this.#record(address);
      const next = now.filter((one) => one.listen_address !== listen_address);
      return { next, store: () => this.store.delete(network, listen_address) };
    });
  }

  /** @param plan what is to be, of what there is, and what stores it; it changes nothing */
  #change({ isDryRun }: Call, goal: string, plan: (now: readonly ForwardRecord[]) => Planned): Promise<void> {
    const { name } = this.network;
    return this.networks.planned(async () => {
      try {
        const before = this.store.list(name);
        const { next, store } = plan(before);
        if (isDryRun) return;
        await using undo = new Revert(this.home.log);
        undo.add(() => this.networks.applyForwards(name, before));
        await this.networks.applyForwards(name, next);
        store();
        undo.keep();
      } catch (error) {
        throw within(goal, error);
      }
    });
  }

  #record(address: string): ForwardRecord {
    const record = this.store.find(this.network.name, plainAddress(address));
    if (record === undefined) throw notFound("Network forward not found");
    return record;
  }

  /** An address within this network's own subnet is its own affair, as in LXD. */
  #requireFree(listen: Address): void {
    const others = this.networks.records().filter(({ name }) => name !== this.network.name);
    const isTaken =
      others.some(({ config }) => subnetsOf(config).some((subnet) => isWithin(listen, subnet))) ||
      this.store.list().some(({ listen_address }) => listen_address === listen.text) ||
      this.#routes().some((route) => isWithin(listen, route));
    if (isTaken)
      throw badRequest(
        `Forward listen address "${listen.text}/${listen.family === "ip" ? 32 : 128}" overlaps with another network or NIC`,
      );
  }

  /** What is routed to nics of instances. */
  #routes(): string[] {
    const nics = this.home.nicOwners
      .all()
      .flatMap(({ expandedDevices }) => Object.values(expandedDevices).filter(({ type }) => type === "nic"));
    const lists = nics.flatMap((nic) => routeOptions.map((option) => nic[option] ?? ""));
    return lists.flatMap((list) => list.split(",").map((route) => route.trim()));
  }

  #forward(listen_address: string, { description, config, ports }: NetworkForwardPut): ForwardRecord {
    return {
      network: this.network.name,
      listen_address,
      description,
      config: withoutEmpty(config),
      ports: ports.map((port) => ({
        ...port,
        description: port.description.trim(),
        target_address: plainAddress(port.target_address),
      })),
    };
  }
}

interface Planned {
  readonly next: readonly ForwardRecord[];
  readonly store: () => void;
}

const routeOptions = ["ipv4.routes", "ipv4.routes.external", "ipv6.routes", "ipv6.routes.external"];

/** Its own, and those that lead to machines behind its guests. */
const subnetsOf = (config: Config): string[] => [
  ...(["ip", "ip6"] as const).flatMap((family) => subnetTextOf(config, family) ?? []),
  ...(["ipv4.routes", "ipv6.routes"] as const).flatMap((key) => networkConfig(config).get(key) ?? []),
];

const shown = ({ network: _, ports, ...forward }: ForwardRecord): NetworkForward => ({
  ...forward,
  ports: [...ports],
  location: "none",
});

/** An error with the goal before it, as LXD says it. */
function within(goal: string, error: unknown): ApiError {
  const { code, message, details } = toApiError(error);
  return new ApiError(code, `${goal}: ${message}`, { details, cause: error });
}
