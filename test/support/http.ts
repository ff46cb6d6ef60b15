/** HTTP without a socket: requests through the real server, by fastify's inject. */
import type { Method, Route } from "../../daemon/http/route";
import { buildServer } from "../../daemon/http/server";
import type { Log } from "../../daemon/platform/log";
import { ApiError } from "../../sdk/api/errors";

/** For a server that is asked in no project but the default one. */
export const anyProject = { require: () => undefined };

export interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly location: string | undefined;
  readonly metadata: unknown;
}

/** Asks a server of some routes. @throws ApiError that an answer with an error stands for */
export type Ask = (method: Method, url: string, json?: unknown, ifMatch?: string) => Promise<Answer>;

export function serverOf(routes: readonly Route[], log: Log): Ask {
  const app = buildServer({ routes, upgrades: [], projects: anyProject, log });
  return async (method, url, json, ifMatch) => {
    const reply = await app.inject({
      method,
      url,
      ...(json === undefined ? {} : { payload: JSON.stringify(json) }),
      headers: { "content-type": "application/json", ...(ifMatch === undefined ? {} : { "if-match": ifMatch }) },
    });
    const { metadata, error } = reply.json<{ metadata: unknown; error: string }>();
    if (reply.statusCode >= 400) throw ApiError.fromStatus(reply.statusCode, error);
    const { etag, location } = reply.headers;
    return { status: reply.statusCode, etag: String(etag ?? ""), location, metadata };
  };
}
