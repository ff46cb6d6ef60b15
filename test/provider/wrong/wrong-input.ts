/** Wrong input: one row of the tables of programs that check refuses, whether a server is there or not. */
import type { Props } from "../../../provider/core/engine/values";

export interface WrongInput {
  readonly kind: string;
  readonly inputs: Props;
  /** Property and what its reason says. */
  readonly failures: Record<string, RegExp>;
}
