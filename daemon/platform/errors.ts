/** The daemon's one conversion from anything thrown to an ApiError. */
import { ZodError } from "zod";
import { ApiError, type ErrorCode } from "../../sdk/api/errors";
import { isNoSpace } from "./folders/files";

const errnoCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  EEXIST: "CONFLICT",
};

/** @returns the error itself when it is an ApiError; a ZodError as BAD_REQUEST with its paths; the rest by errno, else INTERNAL */
export function toApiError(error: unknown): ApiError {
  if (ApiError.is(error)) return isFull(error) ? new ApiError("UNAVAILABLE", error.message, error) : error;
  if (error instanceof ZodError) {
    const issues = error.issues.map((issue) => ({ path: issue.path.join("."), message: reasonOf(issue) }));
    const text = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    return new ApiError("BAD_REQUEST", `Invalid request: ${text}`, { details: { issues }, cause: error });
  }
  if (error instanceof Error) {
    if (isNoSpace(error))
      return new ApiError("UNAVAILABLE", `No space is left for this: ${error.message}. Make room, and try again.`, {
        cause: error,
      });
    const errno = (error as NodeJS.ErrnoException).code;
    return new ApiError(errnoCodes[errno ?? ""] ?? "INTERNAL", error.message, { cause: error });
  }
  return new ApiError("INTERNAL", String(error));
}

/** What a helper program or bothy-cell said of a full file system is not a fault of the daemon's. */
const isFull = (error: ApiError): boolean => error.code === "INTERNAL" && isNoSpace(error);

/** In words of the wire, where a field is there or not. */
const reasonOf = ({ code, message }: ZodError["issues"][number]): string =>
  code === "invalid_type" && message.endsWith("received undefined") ? "is required" : message;
