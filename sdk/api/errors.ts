/** The one error type of Bothy, on both sides of the wire, and the one table of its codes. */

interface CodeRow {
  readonly status: number;
  readonly when: string;
  readonly remedy: string;
}

export const errorCodes = {
  BAD_REQUEST: {
    status: 400,
    when: "the request is malformed or names something invalid",
    remedy: "Correct the field that the message names.",
  },
  FORBIDDEN: {
    status: 403,
    when: "the caller may not do this",
    remedy: "Use a trusted connection, or ask for the right.",
  },
  NOT_FOUND: { status: 404, when: "the object does not exist", remedy: "Check the name, or create the object first." },
  CONFLICT: {
    status: 409,
    when: "an object of that name exists already",
    remedy: "Choose another name, or delete the existing object.",
  },
  PRECONDITION_FAILED: {
    status: 412,
    when: "the object changed since it was read",
    remedy: "Read it again and repeat the change.",
  },
  INTERNAL: { status: 500, when: "the daemon or the kernel failed", remedy: "Read the message and the daemon's log." },
  NOT_IMPLEMENTED: {
    status: 501,
    when: "the path exists, the method does not",
    remedy: "Use another method; api_extensions says what works.",
  },
  UNAVAILABLE: {
    status: 503,
    when: "the daemon is starting or stopping, or nobody listens",
    remedy: "Try again in a moment, or start the daemon.",
  },
} as const satisfies Record<string, CodeRow>;

export type ErrorCode = keyof typeof errorCodes;

const brand = Symbol.for("bothy.ApiError");

export interface ApiErrorOptions {
  /** Data for programs: failing paths, the phase of bothy-cell. */
  details?: unknown;
  cause?: unknown;
}

/**
 * An error that can cross the wire.
 * @see docs/errors.md for every code
 */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ApiError";
    this.code = code;
    this.status = errorCodes[code].status;
    this.details = options.details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Tells ApiErrors of any copy of this module; Pulumi loads a second one. */
  static is(value: unknown): value is ApiError {
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  }

  /** Rebuilds the error from an HTTP status and LXD's text. Unknown statuses become INTERNAL. */
  static fromStatus(status: number, message: string, details?: unknown): ApiError {
    const found = (Object.keys(errorCodes) as ErrorCode[]).find((code) => errorCodes[code].status === status);
    return new ApiError(found ?? "INTERNAL", message, { details });
  }
}

export const badRequest = (message: string, options?: ApiErrorOptions) => new ApiError("BAD_REQUEST", message, options);
export const notFound = (message: string, options?: ApiErrorOptions) => new ApiError("NOT_FOUND", message, options);
export const conflict = (message: string, options?: ApiErrorOptions) => new ApiError("CONFLICT", message, options);
export const internal = (message: string, options?: ApiErrorOptions) => new ApiError("INTERNAL", message, options);
export const unavailable = (message: string, options?: ApiErrorOptions) =>
  new ApiError("UNAVAILABLE", message, options);
