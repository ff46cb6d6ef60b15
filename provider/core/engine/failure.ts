/** Failure: errors of the provider, without secrets, and the one that keeps a half-working object in Pulumi's state. */
import { ApiError } from "../../../sdk/api/errors";
import { redactorOf } from "./secrets";
import { compact, type Props } from "./values";

/**
 * Says that the object exists and does not work yet. Pulumi reads these three fields, keeps the resource in its state, and
 * the next `up` calls update. `properties` carries `__provider`: on this way Pulumi does not add it, and without it a later
 * delete would have no code to run.
 */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Props;
  readonly reasons: string[];

  constructor(id: string, properties: Props, cause: unknown) {
    const reason = messageOf(cause);
    super(reason, { cause });
    this.name = "InitFailed";
    this.id = id;
    this.properties = compact(properties);
    this.reasons = [reason];
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const isNotFound = (error: unknown): boolean => ApiError.is(error) && error.code === "NOT_FOUND";

/** @returns what a look finds, or nothing when the server says NOT_FOUND */
export async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Rebuilds any error without secret and confidential inputs.
 * @param what the beginning of the message, such as `Cannot create container "web"`, for causes that do not say it
 * @returns an error whose text is safe to show and to store
 */
export function safeError(error: unknown, what: string, ...inputs: Props[]): Error {
  const cause = messageOf(error);
  const message = redactorOf(...inputs)(/^Cannot /.test(cause) ? cause : `${what}: ${cause}`);
  if (error instanceof InitFailed) return new InitFailed(error.id, error.properties, new Error(message));
  if (ApiError.is(error)) return new ApiError(error.code, message);
  return new Error(message);
}

/** Puts the name of the property before the cause in the server's words, when they tell which one is wrong. @param culprits as NamedKind has them */
export function namingProperty(error: unknown, culprits: readonly (readonly [RegExp, string])[]): unknown {
  if (!ApiError.is(error)) return error;
  const [words, path] = culprits.find(([words]) => words.test(error.message)) ?? [];
  if (words === undefined || path === undefined) return error;
  const property = path.replace("$1", words.exec(error.message)?.[1] ?? "");
  const [, what = "", cause = error.message] = /^(Cannot [^:]+: )?(.*)$/s.exec(error.message) ?? [];
  return new ApiError(error.code, `${what}${property}: ${cause}`);
}
