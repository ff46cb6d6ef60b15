/** Nic type: what the types of nics differ in; one file a type (nic-<type>.ts). */
import type { Device } from "../../../../sdk/api/common";
import type { InstanceHome } from "../home";
import type { Owner } from "./driver";
import type { Nic } from "./nic-plan";
import type { Step } from "./step";

export interface NicFacts {
  readonly home: InstanceHome;
  readonly owner: Owner;
  /** The one that is judged or planned. */
  readonly nic: Nic;
}

export interface NicType {
  /** Refuses what the network or the host's bridge cannot give. @throws ApiError */
  check?(facts: NicFacts): void;
  /** Before a start. @param all nics of the instance @throws ApiError */
  checkStart?(facts: NicFacts, all: readonly Nic[]): void;
  /** Looks for what the kernel would not find. @throws ApiError */
  checkHost?(facts: NicFacts): Promise<void>;
  /** Refuses addresses that another instance's nic has. @throws ApiError */
  checkRivals?(facts: Pick<NicFacts, "home" | "owner"> & { readonly device: string; readonly options: Device }): void;
  steps(facts: NicFacts): Step[];
}
