/** The daemon's one conversion from anything thrown to an ApiError. */
import { ZodError } from "zod";
import { ApiError, type ErrorCode } from "../sdk/api/errors";

const errnoCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  EEXIST: "CONFLICT",
};

/** @returns the error itself when it is an ApiError; a ZodError as BAD_REQUEST with its paths; the rest by errno, else INTERNAL */
export function toApiError(error: unknown): ApiError {
  if (ApiError.is(error)) return error;
  if (error instanceof ZodError) {
    const issues = error.issues.map((issue) => ({ path: issue.path.join("."), message: reasonOf(issue) }));
    const text = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    return new ApiError("BAD_REQUEST", `Invalid request: ${text}`, { details: { issues }, cause: error });
  }
  if (error instanceof Error) {
    const errno = (error as NodeJS.ErrnoException).code;
    return new ApiError(errnoCodes[errno ?? ""] ?? "INTERNAL", error.message, { cause: error });
  }
  return new ApiError("INTERNAL", String(error));
}

/** In words of the wire, where a field is there or not. */
const reasonOf = ({ code, message }: ZodError["issues"][number]): string =>
  code === "invalid_type" && message.endsWith("received undefined") ? "is required" : message;
