/** Address sets in nftables: a named set of each family, in each table with rules that name it. */
import { familyOf, setOf, wordsOf } from "../../../../sdk/api/network-acl-rule";
import type { NetworkAcl } from "./lines";
import { familySetName } from "./match";

/** The addresses of a set as they are now. */
export type AddressesOf = (set: string) => readonly string[];

/** Names of the sets that rules of some ACLs name, each once. */
export const setsOf = (acls: readonly NetworkAcl[]): string[] => [
  ...new Set(
    acls
      .flatMap(({ ingress, egress }) => [...ingress, ...egress])
      .flatMap(({ source, destination }) => [...wordsOf(source), ...wordsOf(destination)])
      .flatMap((word) => setOf(word) ?? []),
  ),
];

/**
 * Commands that bring the sets of a table's rules in line. They are emptied first: one may still be there of a port that is gone.
 * Addresses may lie in subnets of the same set, which nft then leaves out.
 */
export function setCommands(table: string, acls: readonly NetworkAcl[], addressesOf: AddressesOf): string {
  const types = { ipv4: "ipv4_addr", ipv6: "ipv6_addr" } as const;
  return setsOf(acls)
    .flatMap((set) =>
      (["ipv4", "ipv6"] as const).flatMap((family) => {
        const name = familySetName(set, family);
        const elements = addressesOf(set).filter((address) => familyOf(address) === family);
        return [
          `add set ${table} ${name} { type ${types[family]}; flags interval; auto-merge; }\n`,
          `flush set ${table} ${name}\n`,
          ...(elements.length === 0 ? [] : [`add element ${table} ${name} { ${elements.join(", ")} }\n`]),
        ];
      }),
    )
    .join("");
}
