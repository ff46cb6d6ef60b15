/** Answer job: the frame of a check process. Its argument is a job as JSON; it prints one result as JSON. */
import { ApiError } from "../../../../sdk/api/errors";
import { Growth } from "./growing-file";

export interface Refused {
  readonly refused: string;
}

/** @param work an ApiError that it throws becomes the result */
export async function answerJob<Job, Result>(work: (job: Job, growth: Growth) => Promise<Result>): Promise<void> {
  let result: Result | Refused;
  try {
    result = await work(JSON.parse(process.argv[2] ?? "") as Job, new Growth(process.stdin));
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    result = { refused: error.message };
  }
  // The file of one that is refused may still be coming.
  process.stdin.destroy();
  process.stdout.write(JSON.stringify(result));
}
