/** Says: what a route tells of itself. docs/api.md and docs/openapi.json are made of it; the daemon itself uses the body's type alone. */
import type * as z from "zod";

/** What an answer holds besides the envelope; a route may have several. */
export type Answer = (
  | { readonly form: "nothing" }
  | { readonly form: "one"; readonly type: z.ZodType }
  /** All of something, as a list of objects or texts. */
  | { readonly form: "all"; readonly type: z.ZodType }
  /** Paths; objects with `recursion=1`, and those of `full` with `recursion=2`. */
  | { readonly form: "list"; readonly type: z.ZodType; readonly full?: z.ZodType }
  | { readonly form: "created" }
  /** @param metadata what the finished operation tells */
  | { readonly form: "operation"; readonly metadata?: string }
  | { readonly form: "raw"; readonly means: string }
  /** The connection becomes something else: bytes both ways. */
  | { readonly form: "upgrade"; readonly means: string }
  /** @param types of the JSON messages */
  | { readonly form: "websocket"; readonly means: string; readonly types: readonly z.ZodType[] }
) & {
  /** Of one answer among several: when it is this one. */
  readonly when?: string;
};

export const answers = {
  nothing: { form: "nothing" },
  created: { form: "created" },
  operation: { form: "operation" },
  one: (type: z.ZodType) => ({ form: "one", type }),
  all: (type: z.ZodType) => ({ form: "all", type }),
  list: (type: z.ZodType, full?: z.ZodType) => ({ form: "list", type, full }),
  operationWith: (metadata: string) => ({ form: "operation", metadata }),
  raw: (means: string) => ({ form: "raw", means }),
  upgrade: (means: string) => ({ form: "upgrade", means }),
  websocket: (means: string, ...types: z.ZodType[]) => ({ form: "websocket", means, types }),
} as const satisfies Record<string, Answer | ((...given: never[]) => Answer)>;

/** Names to what they mean, in Markdown. */
export type Meanings = Readonly<Record<string, string>>;

export interface Says {
  /** What the call does, in a sentence or two of Markdown. */
  readonly summary: string;
  /** Parameters of the query beside `project`, which every route has that is not about the whole server. */
  readonly query?: Meanings;
  /** Those parameters without which the call is refused. */
  readonly needs?: readonly string[];
  /** Headers of a request, without "X-LXD-". */
  readonly headers?: Meanings;
  /** Type of the JSON body. */
  readonly body?: z.ZodType;
  /** Type of which the JSON body is a part that is merged: that of PUT. */
  readonly patch?: z.ZodObject;
  /** A body that is no JSON, by its content type; the handler reads it. Beside `body`: either is taken. */
  readonly upload?: Meanings;
  /** Clients leave out the type of an upload: what it begins with tells it from JSON. */
  readonly untyped?: true;
  /** The answer has an ETag, or If-Match is heeded. */
  readonly tagged?: true;
  readonly answer: Answer | readonly Answer[];
}

export const recursion: Meanings = { recursion: "`1`: whole objects in place of their paths" };
export const filter: Meanings = { filter: "which of them, such as `name eq web` ([lxd-api.md](lxd-api.md#filters))" };
export const allProjects: Meanings = { "all-projects": "`true`: those of all projects; not together with `project`" };
