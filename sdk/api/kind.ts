/** Kind: what every layer needs to know of one sort of object. */
import { z } from "zod";

export interface Kind<Put extends z.ZodType, Post extends z.ZodType, Full extends z.ZodType> {
  /** Its one name in every layer: "profile". */
  readonly kind: string;
  /** Collection below /1.0: "profiles". */
  readonly path: string;
  /** What PUT replaces: the mutable part. */
  readonly put: Put;
  /** What POST on the collection takes. */
  readonly post: Post;
  /** What GET gives. */
  readonly full: Full;
  /** Provider inputs whose change needs another object. */
  readonly replaceOn: readonly string[];
  /** Whether create answers with an operation. */
  readonly async: boolean;
}

/** Declares a kind; identity function that keeps the types narrow. */
export function defineKind<Put extends z.ZodType, Post extends z.ZodType, Full extends z.ZodType>(
  kind: Kind<Put, Post, Full>,
): Kind<Put, Post, Full> {
  return kind;
}

/** What PATCH takes: every field of the mutable part may be absent, and then has no default. */
export function patchOf<Shape extends z.ZodRawShape>(
  put: z.ZodObject<Shape>,
): z.ZodType<Partial<z.output<z.ZodObject<Shape>>>> {
  const fields = Object.entries(put.shape).map(([name, field]) => {
    const inner = field instanceof z.ZodDefault ? field.unwrap() : field;
    return [name, z.optional(inner as z.ZodType)];
  });
  return z.object(Object.fromEntries(fields)) as unknown as z.ZodType<Partial<z.output<z.ZodObject<Shape>>>>;
}
