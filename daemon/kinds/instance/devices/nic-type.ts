/** Nic type: what the types of nics differ in; one file a type (nic-<type>.ts). */
import type { Device } from "../../../../sdk/api/common";
import type { InstanceHome } from "../home";
import type { Owner, PlanFacts } from "./driver";
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
  checkStart?(facts: NicFacts, all: readonly Nic[]): void | Promise<void>;
  /** Looks for what the kernel would not find. @throws ApiError */
  checkHost?(facts: NicFacts): Promise<void>;
  /** Refuses addresses that another instance's nic has. @throws ApiError */
  checkRivals?(facts: Pick<NicFacts, "home" | "owner"> & { readonly device: string; readonly options: Device }): void;
  /** The nic with what of the host it gets, or has, where that is not known before. @throws ApiError where there is none */
  choose?(facts: NicFacts & Pick<PlanFacts, "isAnew">): Promise<Nic>;
  steps(facts: NicFacts): Step[] | Promise<Step[]>;
  /** The container has ended, or could not start: what is left of the nic outside goes. @throws ApiError */
  ended?(facts: NicFacts): Promise<void>;
  /** A daemon finds a running container of an earlier one: what the nic lacks outside is made again. @throws ApiError */
  adopted?(facts: NicFacts): Promise<void>;
}
