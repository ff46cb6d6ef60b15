/** Removal: what bothy-cell tells of a tree that it removed (docs/native-protocol.md, Verb remove). */
import * as z from "zod";
import { internal } from "../../../sdk/api/errors";

const Removed = z.object({
  removed: z.number(),
  left: z.number(),
  first: z.array(z.object({ path: z.string(), errno: z.string() })),
});

const causes: Readonly<Record<string, string>> = {
  EBUSY: "something is mounted there or uses it",
  EPERM: "the file system forbids it",
  EROFS: "the file system is read-only",
  ENOSPC: "the file system is full",
  EIO: "the file system or its disk is damaged",
  EUCLEAN: "the file system is damaged",
};

/** @throws ApiError INTERNAL that names what is left of the tree */
export function requireGone(tree: string, line: unknown): void {
  const { left, first } = Removed.parse(line);
  if (left === 0) return;
  const named = first.map(({ path, errno }) => `${JSON.stringify(path)}: ${causes[errno] ?? errno}`);
  const more = left > first.length ? `; and ${left - first.length} more` : "";
  throw internal(`Cannot remove all of "${tree}": ${named.join("; ")}${more}.`, { details: { left, first } });
}
