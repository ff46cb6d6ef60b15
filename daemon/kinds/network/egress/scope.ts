/** Egress scopes: what some guests of a network may reach; the network's own list is one, and each nic's is one that narrows it. */
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { type EgressTarget, isName, meansName, parseEgress } from "../../../../sdk/api/egress";
import type { Port } from "../port-rules";

export interface EgressScope {
  /** "all", or the host's end of the nic. */
  readonly id: string;
  /** Of the nic; absent for all of the network. */
  readonly hwaddr?: string;
  readonly targets: readonly EgressTarget[];
  readonly isLogged: boolean;
}

/** No interface is called so beside the scope of all: its chain has another prefix. */
const ofNetwork = "all";

/** A list that cannot be read, as of a damaged database, lets nothing pass. */
function targetsOf(text: string): readonly EgressTarget[] {
  const targets = parseEgress(text);
  return typeof targets === "string" ? [] : targets;
}

/** The scopes of a network; none for one that lets everything pass. */
export function scopesOf(config: Config, ports: readonly Port[]): EgressScope[] {
  const set = networkConfig(config);
  const own = set.text("security.egress.allow");
  const network: EgressScope[] =
    own === undefined ? [] : [{ id: ofNetwork, targets: targetsOf(own), isLogged: set.get("security.egress.logged") }];
  const nics = ports.flatMap(({ hostName, hwaddr, filter }): EgressScope[] =>
    filter?.egress === undefined
      ? []
      : [
          {
            id: hostName,
            hwaddr: hwaddr.toLowerCase(),
            targets: targetsOf(filter.egress.allow),
            isLogged: filter.egress.isLogged,
          },
        ],
  );
  return [...nics, ...network];
}

/** Those that have to agree to what a guest of one of them asks: its nic's and its network's. */
export const withNetworks = (scope: EgressScope, all: readonly EgressScope[]): EgressScope[] => [
  scope,
  ...all.filter(({ id, hwaddr }) => hwaddr === undefined && id !== scope.id),
];

/** Whether a guest may know a name. @param name in small letters */
export const allowsName = ({ targets }: EgressScope, name: string): boolean =>
  targets.some((target) => meansName(target, name));

/** Targets of one protocol and some ports: one rule of nftables, and one set of addresses of each family. */
export interface EgressGroup {
  readonly protocol: EgressTarget["protocol"];
  readonly ports: EgressTarget["ports"];
  readonly targets: readonly EgressTarget[];
}

/** In the order in which the list names them. */
export function groupsOf({ targets }: EgressScope): EgressGroup[] {
  const groups = new Map<string, EgressTarget[]>();
  for (const target of targets) {
    const key = `${target.protocol} ${target.ports.join(" ")}`;
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()].map((own) => ({
    protocol: own[0]?.protocol ?? "tcp",
    ports: own[0]?.ports ?? [],
    targets: own,
  }));
}

/** Whether the group has names, so that it needs sets. */
export const hasNames = ({ targets }: EgressGroup): boolean => targets.some(({ host }) => isName(host));
