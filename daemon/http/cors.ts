/** CORS: what a browser lets pages of other sites do with the server (fetch.spec.whatwg.org, CORS protocol). Nothing, unless the configuration says so. */

export interface Cors {
  /** A site such as "https://panel.example", or "*". */
  readonly origin: string;
  readonly methods: string | undefined;
  readonly headers: string | undefined;
  readonly credentials: boolean;
}

/** Whether a page of this site may act for its user. */
export const isAllowed = (cors: Cors | undefined, origin: string | undefined): boolean =>
  cors?.credentials === true && origin !== undefined && (cors.origin === "*" || cors.origin === origin);

/** As LXD sends them; none to who is no page. */
export function corsHeaders(
  { origin, methods, headers, credentials }: Cors,
  asking: string | undefined,
): Record<string, string> {
  if (asking === undefined) return {};
  return {
    "Access-Control-Allow-Origin": origin,
    ...(methods === undefined ? {} : { "Access-Control-Allow-Methods": methods }),
    ...(headers === undefined ? {} : { "Access-Control-Allow-Headers": headers }),
    ...(credentials ? { "Access-Control-Allow-Credentials": "true" } : {}),
  };
}
