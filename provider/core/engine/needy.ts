/** Needy: what kinds ask of the servers that they live on: not all of them have everything. */
import type * as z from "zod";
import type { Props } from "./values";

/** What has needs of the server: a kind, or a function about one. */
export interface Needy {
  readonly kind: string;
  /** API extensions without which a server cannot have such an object. @param props inputs or outputs */
  needs?(props: Props): readonly string[];
}

/** An input of which only servers with an extension know. */
export interface Feature {
  /** Path of the input as the program wrote it. */
  readonly property: string;
  readonly extension: string;
}

/** A kind whose inputs may need more than the kind does. */
export interface Featured extends Needy {
  readonly inputs: z.ZodObject;
  /** Inputs that an extension brought; those of `config` and `devices` when absent. */
  features?(props: Props): readonly Feature[];
}
