/** Function: what a program asks of a server without making anything. */
import type * as z from "zod";
import type { Context } from "../engine/core";
import type { Needy } from "../engine/needy";
import type { Props } from "../engine/values";

export interface CoreFunction extends Needy {
  /** Name in programs: "getContainer". */
  readonly name: string;
  /** What it is about, for errors: "container". */
  readonly kind: string;
  readonly description: string;
  readonly inputs: z.ZodObject;
  readonly outputs: z.ZodObject;
  /** What the errors call the object by. */
  title(inputs: Props): string;
  /** @param inputs checked ones @throws ApiError NOT_FOUND */
  run(context: Context, inputs: Props): Promise<Props>;
}
