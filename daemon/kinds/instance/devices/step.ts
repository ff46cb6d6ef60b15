/** Step: one thing that gives a container a device, with what takes it back. A start and a change of a running container take the same steps. */
import type { Op, RunningCell } from "../../../platform/native/index";

export type Step = CellStep | BeforeStep | AfterStep;

/** Done by bothy-cell: as a part of the start, or in the running container. */
export interface CellStep {
  readonly by: "cell";
  readonly op: Op;
  readonly undo: Op;
}

/** Done by the daemon before the container has the device. */
export interface BeforeStep {
  readonly by: "daemon before";
  /** What it makes. A step that makes the same takes the place of an earlier one, which then is not taken back. */
  readonly about: string;
  run(): Promise<void>;
  undo(): Promise<void>;
}

/** Done by the daemon once the container runs. */
export interface AfterStep {
  readonly by: "daemon after";
  run(cell: RunningCell): Promise<void>;
  undo(): Promise<void>;
}

/** How a container gets one device, and what it then has. */
export interface DevicePlan {
  readonly device: string;
  /** In order; taken back in the other one. */
  readonly steps: readonly Step[];
  /** Device nodes that the container may open for it, in the words of devices.allow. */
  readonly rules?: readonly string[];
  /** Where it is seen inside. */
  readonly places?: readonly string[];
  /** Volatile keys that say what the container has, for as long as it has it. */
  readonly kept?: Readonly<Record<string, string>>;
}

/** The operations of bothy-cell among the steps of some plans. */
export const cellSteps = (plans: readonly DevicePlan[]): CellStep[] =>
  plans.flatMap(({ steps }) => steps.filter((step) => step.by === "cell"));

export const beforeSteps = (plans: readonly DevicePlan[]): BeforeStep[] =>
  plans.flatMap(({ steps }) => steps.filter((step) => step.by === "daemon before"));

export const afterSteps = (plans: readonly DevicePlan[]): AfterStep[] =>
  plans.flatMap(({ steps }) => steps.filter((step) => step.by === "daemon after"));
