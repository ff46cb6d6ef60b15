/** Ports: the guests' ends that each bridge has now, and their rules, brought in line one change after the other. */
import { isDeepStrictEqual } from "node:util";
import { badRequest } from "../../../sdk/api/errors";
import { Locks } from "../../platform/locks";
import type { Log } from "../../platform/log";
import { run } from "../../platform/processes/run";
import { judgedPorts, requireJudgeable } from "./acl/judged-ports";
import { unjudgePort } from "./acl/port-acls";
import type { NetworkPlace } from "./driver";
import { NetworkEgress } from "./egress/egress";
import type { RefusedName } from "./egress/refusals";
import { setHairpin } from "./hairpin";
import { type NatProxy, takenPort } from "./nat-proxy";
import { applyRules, removeRules } from "./nft";
import { closePort, openPort, type Port } from "./port-rules";
import { portTableOf, tableOf } from "./tables";

interface Ports {
  /** By the name of the host's end. */
  readonly wanted: Map<string, Port>;
  /** Those in the kernel, by what it was told of them. */
  readonly applied: Map<string, Port>;
  /** By instance and device. */
  readonly proxies: Map<string, NatProxy>;
  /** Whether frames may go back by the port that they came from. */
  turnsAround: boolean;
  /** As its rules were last made. */
  place?: NetworkPlace;
}

export class NetworkPorts {
  readonly #networks = new Map<string, Ports>();
  readonly #locks = new Locks();
  /** Of networks whose turn has not come. */
  readonly #changes = new Map<string, (() => string)[]>();
  readonly #egress: NetworkEgress;

  constructor(log: Log) {
    this.#egress = new NetworkEgress(log, (network, commandsOf) => this.#change(network, commandsOf), tableOf);
  }

  /** Makes all rules of a network anew, in one step. @param ports those that count from now on, as the proxies; as before when absent */
  replace(network: NetworkPlace, ports?: readonly Port[], proxies?: readonly NatProxy[]): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const known = this.#of(network.name);
      const { wanted } = known;
      if (proxies !== undefined) {
        known.proxies.clear();
        for (const proxy of proxies) known.proxies.set(keyOf(proxy), proxy);
      }
      if (ports !== undefined) {
        wanted.clear();
        for (const port of ports) wanted.set(port.hostName, port);
      }
      await this.#replace(network);
    });
  }

  /**
   * Lets guests in by their ports, which need not be there yet.
   * @throws ApiError BAD_REQUEST for a hardware address that another guest has, and for ACLs where the kernel cannot judge what crosses a port
   */
  async open(network: NetworkPlace, ports: readonly Port[]): Promise<void> {
    await requireJudgeable(ports);
    const { wanted } = this.#of(network.name);
    for (const { instance, hwaddr } of ports) {
      const rival = [...wanted.values()].find((other) => other.instance !== instance && isSame(other.hwaddr, hwaddr));
      if (rival !== undefined)
        throw badRequest(
          `MAC address "${hwaddr}" already defined on another NIC: the running instance "${rival.instance}" has it. Stop that one, or choose another.`,
        );
    }
    for (const port of ports) wanted.set(port.hostName, port);
    await this.#follow(network);
  }

  /** Sets what a port needs once it is there: it joins its bridge with the container's start. */
  async settle(network: NetworkPlace, hostName: string): Promise<void> {
    if (hasForwards(network) || this.#of(network.name).proxies.size > 0) await setHairpin([hostName], true);
  }

  /** Lets a proxy in NAT mode in, or changes one, in one step. @throws ApiError BAD_REQUEST for a port that another one has */
  openProxy(network: NetworkPlace, proxy: NatProxy): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const { proxies } = this.#of(network.name);
      const before = proxies.get(keyOf(proxy));
      if (isDeepStrictEqual(before, proxy)) return;
      const taken = takenPort(
        [...this.#networks.values()].flatMap((ports) => [...ports.proxies.values()]),
        proxy,
      );
      if (taken !== undefined) throw badRequest(`${taken}. Stop that one, or choose another port for "listen".`);
      proxies.set(keyOf(proxy), proxy);
      try {
        await this.#replace(network);
      } catch (error) {
        if (before === undefined) proxies.delete(keyOf(proxy));
        else proxies.set(keyOf(proxy), before);
        throw error;
      }
    });
  }

  /** Forgets the proxies that are not wanted any more. */
  keepProxies(network: NetworkPlace, isWanted: (proxy: NatProxy) => boolean): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const proxies = this.#networks.get(network.name)?.proxies;
      const gone = [...(proxies ?? [])].filter(([, proxy]) => !isWanted(proxy));
      for (const [key] of gone) proxies?.delete(key);
      if (gone.length > 0) await this.#replace(network);
    });
  }

  /** Forgets the ports that are not wanted any more. */
  async keep(network: NetworkPlace, isWanted: (port: Port) => boolean): Promise<void> {
    const wanted = this.#networks.get(network.name)?.wanted;
    for (const port of [...(wanted?.values() ?? [])]) if (!isWanted(port)) wanted?.delete(port.hostName);
    await this.#follow(network);
  }

  /** Removes the rules of a network, which is stopped or gone; missing ones are no error. */
  remove(network: NetworkPlace): Promise<void> {
    return this.#locks.run(network.name, async () => {
      this.#networks.delete(network.name);
      this.#egress.end(network.name);
      await removeRules(network.name);
    });
  }

  /** Lets go of all; their rules stay. */
  release(): void {
    this.#egress.endAll();
  }

  /** Names that lists of what may be reached have kept from guests. */
  refusedNames(network: string): readonly RefusedName[] {
    return this.#egress.refusedNames(network);
  }

  /** Changes that came while another was under way go together. */
  #change(name: string, commandsOf: () => string): Promise<void> {
    this.#changes.set(name, [...(this.#changes.get(name) ?? []), commandsOf]);
    return this.#locks.run(name, async () => {
      const changes = this.#changes.get(name) ?? [];
      this.#changes.delete(name);
      const place = this.#networks.get(name)?.place;
      const input = place === undefined ? "" : changes.map((commands) => commands()).join("");
      if (place === undefined || input === "") return;
      const { code } = await run("nft", ["-f", "-"], { input, accept: [0, 1] });
      // As in #follow.
      if (code !== 0) await this.#replace(place);
    });
  }

  /** Changes that came while another was under way go together. */
  #follow(network: NetworkPlace): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const ports = this.#networks.get(network.name);
      // Removed meanwhile.
      if (ports === undefined) return;
      const { wanted, applied } = ports;
      const gone = [...applied.keys()].filter((name) => !wanted.has(name));
      const come = [...wanted.values()].filter((port) => !isDeepStrictEqual(applied.get(port.hostName), port));
      if (gone.length + come.length === 0) return;
      // What a nic may reach stands in the network's rules.
      const touched = [...gone, ...come.map(({ hostName }) => hostName)].flatMap((name) => applied.get(name) ?? []);
      if ([...touched, ...come].some(({ filter }) => filter?.egress !== undefined)) return this.#replace(network);
      // Judged as before, until it is not there or is judged anew: in one step no frame passes between the two.
      const judged = (name: string) => applied.get(name)?.acls !== undefined;
      const freed = come.filter(({ hostName, acls }) => acls === undefined && judged(hostName));
      const input = [
        ...[...gone.filter(judged), ...freed.map(({ hostName }) => hostName)].map((name) =>
          unjudgePort(portTableOf(network.name), name),
        ),
        ...gone.map((name) => closePort(network.name, name)),
        ...come.map((port) => openPort(network.name, network.config, port)),
        await judgedPorts(network, come),
      ].join("");
      const { code } = await run("nft", ["-f", "-"], { input, accept: [0, 1] });
      // Somebody has emptied the firewall, as a reload of the host's own rules does: all of it comes back.
      if (code !== 0) return this.#replace(network);
      for (const name of gone) applied.delete(name);
      for (const port of come) applied.set(port.hostName, port);
    });
  }

  async #replace(network: NetworkPlace): Promise<void> {
    const known = this.#of(network.name);
    const { wanted, applied } = known;
    const ports = [...wanted.values()];
    known.place = network;
    const egress = await this.#egress.bring(network, ports);
    await applyRules(network, ports, [...known.proxies.values()], egress);
    const turnsAround = hasForwards(network) || known.proxies.size > 0;
    if (known.turnsAround || turnsAround) await setHairpin([...wanted.keys()], turnsAround);
    known.turnsAround = turnsAround;
    applied.clear();
    for (const port of ports) applied.set(port.hostName, port);
  }

  #of(name: string): Ports {
    const known = this.#networks.get(name) ?? {
      wanted: new Map(),
      applied: new Map(),
      proxies: new Map(),
      turnsAround: false,
    };
    this.#networks.set(name, known);
    return known;
  }
}

const keyOf = ({ instance, device }: NatProxy): string => `${instance}/${device}`;

const hasForwards = ({ forwards = [] }: NetworkPlace): boolean => forwards.length > 0;

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
