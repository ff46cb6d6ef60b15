/** Egress: for each network with lists of what its guests may reach, the doors where they ask for names, and what they know. */
import { meansName } from "../../../../sdk/api/egress";
import { Locks } from "../../../platform/locks";
import type { Log } from "../../../platform/log";
import { familiesOf } from "../config";
import type { NetworkPlace } from "../driver";
import type { Port } from "../port-rules";
import { type Door, openDoor } from "./door";
import { type Known, note, readKnown, type TimedAddress, writeKnown } from "./known";
import type { Question } from "./message";
import { type RefusedName, RefusedNames } from "./refusals";
import { answersOf } from "./resolver";
import { admitted, type EgressRules } from "./rules";
import { type EgressGroup, type EgressScope, scopesOf, withNetworks } from "./scope";

interface Served {
  network: NetworkPlace;
  scopes: readonly EgressScope[];
  readonly known: Map<string, Known>;
  /** By scope. */
  readonly doors: Map<string, readonly Door[]>;
  readonly refused: RefusedNames;
}

/**
 * Changes the rules of a network that is up, in its turn.
 * @param commandsOf commands for nft on the network's table, made when its turn has come
 */
export type Change = (network: string, commandsOf: () => string) => Promise<void>;

export class NetworkEgress {
  readonly #served = new Map<string, Served>();
  /** Of the files, by network. */
  readonly #writes = new Locks();

  constructor(
    private readonly log: Log,
    private readonly change: Change,
    private readonly tableOf: (network: string) => string,
  ) {}

  /** Brings doors in line with a network and its ports, before its rules are made. @returns what the rules are made of */
  async bring(network: NetworkPlace, ports: readonly Port[]): Promise<EgressRules[]> {
    const scopes = scopesOf(network.config, ports);
    if (scopes.length === 0) {
      await this.#letGo(network);
      return [];
    }
    const served = this.#served.get(network.name) ?? {
      network,
      scopes,
      known: await readKnown(network.path, Date.now()),
      doors: new Map(),
      refused: new RefusedNames(),
    };
    this.#served.set(network.name, served);
    served.network = network;
    served.scopes = scopes;
    const isWanted = (id: string) => scopes.some((scope) => scope.id === id);
    for (const id of [...served.doors.keys()]) if (!isWanted(id)) this.#close(served, id);
    for (const id of [...served.known.keys()]) if (!isWanted(id)) served.known.delete(id);
    for (const { id } of scopes) await this.#open(served, id);
    return scopes.map((scope) => ({
      scope,
      known: knownOf(served, scope),
      doors: served.doors.get(scope.id) ?? [],
    }));
  }

  /** Names that were refused since this daemon began, the last ones. */
  refusedNames(network: string): readonly RefusedName[] {
    return this.#served.get(network)?.refused.list() ?? [];
  }

  /** Closes the doors of a network, which is stopped or gone. What its guests know stays in its folder. */
  end(network: string): void {
    const served = this.#served.get(network);
    this.#served.delete(network);
    for (const id of [...(served?.doors.keys() ?? [])]) if (served !== undefined) this.#close(served, id);
  }

  /** Closes all of them; the rules stay, and names are asked for in vain until the next daemon. */
  endAll(): void {
    for (const network of [...this.#served.keys()]) this.end(network);
  }

  /** Nobody is held to a list any more. */
  async #letGo(network: NetworkPlace): Promise<void> {
    if (!this.#served.has(network.name)) return;
    this.end(network.name);
    await writeKnown(network.path, new Map());
  }

  async #open(served: Served, id: string): Promise<void> {
    const wanted = familiesOf(served.network.config).map(({ address }) => address);
    const open = served.doors.get(id) ?? [];
    if (open.map(({ address }) => address).join() === wanted.join()) return;
    this.#close(served, id);
    const answers = answersOf(() => this.#around(served, id), this.log);
    const doors: Door[] = [];
    // Known at once, so that those that are open are closed when the next one cannot be.
    served.doors.set(id, doors);
    for (const address of wanted) doors.push(await openDoor(address, answers));
  }

  #close(served: Served, id: string): void {
    for (const door of served.doors.get(id) ?? []) door.close();
    served.doors.delete(id);
  }

  #around(served: Served, id: string) {
    const scope = served.scopes.find((one) => one.id === id);
    if (scope === undefined) return undefined;
    const { name: network, config } = served.network;
    const scopes = withNetworks(scope, served.scopes);
    return {
      network,
      config,
      scopes,
      admit: (name: string, addresses: readonly TimedAddress[]) => this.#admit(served, scopes, name, addresses),
      refused: ({ name, type }: Question, from: string, reason: string) => {
        if (scopes.some(({ isLogged }) => isLogged))
          served.refused.note({ timeMs: Date.now(), hwaddr: scope.hwaddr, from, name, type, reason });
      },
    };
  }

  async #admit(
    served: Served,
    scopes: readonly EgressScope[],
    name: string,
    addresses: readonly TimedAddress[],
  ): Promise<boolean> {
    const nowMs = Date.now();
    const longer = new Map<string, ReadonlyMap<string, number>>();
    for (const scope of scopes) {
      const own = note(knownOf(served, scope), name, addresses, nowMs);
      if (own === undefined) return false;
      longer.set(scope.id, own);
    }
    // Also when nothing is new: somebody else's question may have brought it, and wait for its turn.
    await this.change(served.network.name, () =>
      // The lists as they are by then.
      served.scopes.map((scope) => this.#commands(served, scope, name, longer.get(scope.id) ?? new Map())).join(""),
    );
    if ([...longer.values()].some(({ size }) => size > 0))
      await this.#writes.run(served.network.name, () => writeKnown(served.network.path, served.known));
    return true;
  }

  #commands({ network }: Served, scope: EgressScope, name: string, addresses: ReadonlyMap<string, number>): string {
    const isMeant = ({ targets }: EgressGroup) => targets.some((target) => meansName(target, name));
    return admitted(this.tableOf(network.name), scope, isMeant, addresses, Date.now());
  }
}

function knownOf({ known }: Pick<Served, "known">, { id }: EgressScope): Known {
  const own = known.get(id) ?? new Map();
  known.set(id, own);
  return own;
}
