/** Ports: the guests' ends that each bridge has now, and their rules, brought in line one change after the other. */
import { isDeepStrictEqual } from "node:util";
import { badRequest } from "../../../sdk/api/errors";
import { Locks } from "../../platform/locks";
import { run } from "../../platform/processes/run";
import { judgedPorts, requireJudgeable } from "./acl/judged-ports";
import { unjudgePort } from "./acl/port-acls";
import type { NetworkPlace } from "./driver";
import { setHairpin } from "./hairpin";
import { applyRules, removeRules } from "./nft";
import { closePort, openPort, type Port } from "./port-rules";
import { portTableOf } from "./tables";

interface Ports {
  /** By the name of the host's end. */
  readonly wanted: Map<string, Port>;
  /** Those in the kernel, by what it was told of them. */
  readonly applied: Map<string, Port>;
  /** Whether frames may go back by the port that they came from. */
  turnsAround: boolean;
}

export class NetworkPorts {
  readonly #networks = new Map<string, Ports>();
  readonly #locks = new Locks();

  /** Makes all rules of a network anew, in one step. @param ports those that count from now on; as before when absent */
  replace(network: NetworkPlace, ports?: readonly Port[]): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const { wanted } = this.#of(network.name);
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
    if (hasForwards(network)) await setHairpin([hostName], true);
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
      await removeRules(network.name);
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
    await applyRules(network, ports);
    if (known.turnsAround || hasForwards(network)) await setHairpin([...wanted.keys()], hasForwards(network));
    known.turnsAround = hasForwards(network);
    applied.clear();
    for (const port of ports) applied.set(port.hostName, port);
  }

  #of(name: string): Ports {
    const known = this.#networks.get(name) ?? { wanted: new Map(), applied: new Map(), turnsAround: false };
    this.#networks.set(name, known);
    return known;
  }
}

const hasForwards = ({ forwards = [] }: NetworkPlace): boolean => forwards.length > 0;

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
