/** Folder project: what a file system counts of a folder, and to how much it bounds it (docs/native-protocol.md, Verb project). */
import * as z from "zod";

const Answer = z.discriminatedUnion("projects", [
  z.object({ projects: z.literal(false) }),
  z.object({
    projects: z.literal(true),
    project: z.number(),
    own: z.boolean(),
    used: z.number(),
    limit: z.number(),
  }),
]);

export interface FolderProject {
  /** What is made in the folder is of this project; 0 when it is of none. */
  readonly id: number;
  /** Whether it is one that bothy-cell gave. */
  readonly isOwn: boolean;
  /** In bytes. */
  readonly used: number;
  /** In bytes; undefined when nothing bounds it. */
  readonly limit: number | undefined;
}

/** @returns nothing when the file system has no project quotas, or they are off */
export function readFolderProject(line: unknown): FolderProject | undefined {
  const answer = Answer.parse(line);
  if (!answer.projects) return undefined;
  const { project, own, used, limit } = answer;
  return { id: project, isOwn: own, used, limit: limit === 0 ? undefined : limit };
}
