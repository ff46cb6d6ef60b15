/** Core: the contract of a kind in the provider. The doors (dynamic/, plugin/) call it; it knows nothing of Pulumi. */
import type * as z from "zod";
import type { Client, Server } from "../../../sdk";
import type { Config } from "../../../sdk/api/common";
import type { Change } from "./changes";
import type { Featured } from "./needy";
import type { Props } from "./values";

/** What a verb that talks to the daemon needs; nothing comes from the surroundings. */
export interface Context {
  readonly client: Client;
  /** What the server says of itself. */
  readonly server: Server;
  readonly signal: AbortSignal;
  /** Whether nobody waits for the answer any more: the engine that asked is gone. */
  readonly isAbandoned: () => boolean;
  /** Ceiling of the whole verb, in milliseconds; `signal` fires when it passes. */
  readonly timeoutMs: number;
  /** Tells the user something that is not an error; secrets of the inputs are taken out. */
  readonly log: (message: string) => void;
}

export interface CheckFailure {
  /** Path of the input as the user wrote it: `config["limits.memory"]`, `devices.eth0.network`. */
  readonly property: string;
  readonly reason: string;
}

/** Hidden input of a resource whose inputs are wrong: what is wrong with others of the same program, a line each. */
export const othersProperty = "__others";

export interface Checked {
  readonly inputs: Props;
  readonly failures: CheckFailure[];
}

export interface Diff {
  readonly changes: boolean;
  readonly replaces: string[];
  readonly deleteBeforeReplace: boolean;
  /** What people should know of the change that the engine cannot show. */
  readonly notes?: readonly string[];
  /** Each change of an input by its path, for a door that can tell it. */
  readonly details?: readonly Change[];
  /** Whether another object could be made only after this one is deleted, whoever asks for another one. */
  readonly deleteFirst?: boolean;
}

/** An object that another one takes the place of. */
export interface Replaced {
  readonly id: string;
  readonly outs: Props;
}

/** A name, and the keys that tell whose it is. */
export interface Listed {
  readonly name: string;
  readonly config: Config;
}

/** An object as the server has it, in Pulumi's words. */
export interface Live {
  readonly id: string;
  /** Inputs with the server's values, and what the server adds. */
  readonly outs: Props;
  /** Only input properties: a refresh with more would show deletions in the next diff. */
  readonly inputs: Props;
}

export interface Core extends Featured {
  /** Name in code and errors: "storage-pool". */
  readonly kind: string;
  /** Name in programs: "StoragePool". */
  readonly type: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  /** What the server adds to the inputs. */
  readonly outputs: z.ZodObject;
  /** Inputs of which the id is made, in this order, joined by "/". */
  readonly idInputs: readonly string[];
  /** Forms of the id where there are several, each beginning with a word of its own: ["instance", "<instance>", "<name>"]. */
  readonly idForms?: readonly (readonly string[])[];
  /** Id of the one object of the kind that a server has. */
  readonly onlyId?: string;
  /** Longest name, in characters, for a kind whose names can be made. */
  readonly nameMaxLength?: number;
  /**
   * Validates inputs and fills in defaults and names, without a daemon; unknown values pass.
   * @param isQuick whether only the failures are wanted, and files need not be read
   */
  check(olds: Props, news: Props, isQuick?: boolean): Promise<Checked>;
  /** Compares the last outputs with new inputs, without a daemon. An unknown is a change, and a replacement where its value could ask for one. */
  diff(olds: Props, news: Props): Diff;
  /**
   * Outputs that are known before a create or an update, or are not known any more: with unknowns among them. Without it those of a create are
   * not known, and those of an update stay.
   * @param olds last outputs, for an update
   */
  planned?(news: Props, olds?: Props): Props;
  /**
   * Makes the object, or takes over what an earlier create of the same resource left half made.
   * @param replaced the object that this one replaces, which is still there
   * @throws InitFailed when the object was made and does not work yet
   */
  create(context: Context, news: Props, replaced?: Replaced): Promise<Live>;
  /**
   * Says what a create would be refused for as things are, for a plan; makes nothing.
   * @param news inputs without unknowns
   * @throws ApiError that names the input, where the server's words tell it
   */
  foresee?(context: Context, news: Props): Promise<void>;
  /**
   * Makes sure, before the object of its name is deleted, that a create will not be refused; may make ahead what is needed for it.
   * @throws ApiError
   */
  requireCreatable?(context: Context, news: Props): Promise<void>;
  /** Says that what the object is to lie in, such as a volume's pool, is not there. @throws ApiError NOT_FOUND that names the input */
  requireParent?(context: Context, props: Props): Promise<void>;
  /** Objects that may have been made for a resource that lets its name be chosen. @param props inputs, unknowns among them */
  list?(context: Pick<Context, "client" | "signal">, props: Props): Promise<Listed[]>;
  /** @param props last outputs, the inputs of a `Resource.get`, or `__imported: []` for an import @returns undefined only when the server says NOT_FOUND */
  read(context: Context, id: string, props: Props): Promise<Live | undefined>;
  update(context: Context, id: string, olds: Props, news: Props): Promise<Live>;
  /** Succeeds when the object is gone already. */
  delete(context: Context, id: string, props: Props): Promise<void>;
}
