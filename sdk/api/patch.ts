/** Patch: the type of a PATCH body, made from that of PUT. */
import * as z from "zod";

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
