/** Lacks: some kinds are not on every server. The API extensions of a server tell, before anything is asked of it. */
import type { Server } from "../../../sdk";
import { ApiError } from "../../../sdk/api/errors";
import type { Holder } from "./identity";
import type { Props } from "./values";

/** What has needs of the server: a kind, or a function about one. */
export interface Needy {
  readonly kind: string;
  /** API extensions without which a server cannot have such an object. @param props inputs or outputs */
  needs?(props: Props): readonly string[];
}

/** @throws ApiError NOT_IMPLEMENTED that names the kind, the server and the extension */
export function requireExtensions({ kind, needs }: Needy, props: Props, server: Server, { endpoint }: Holder): void {
  const missing = needs?.(props).find((extension) => !server.api_extensions.includes(extension));
  if (missing === undefined) return;
  const { server: software, server_version: version, server_name: name } = server.environment;
  // Its own tells LXD's name, as clients expect.
  const isBothy = server.api_extensions.some((extension) => extension.startsWith("bothy_"));
  const what = isBothy ? "bothyd" : `${software} ${version}`;
  const words = kind.replaceAll("-", " ");
  throw new ApiError(
    "NOT_IMPLEMENTED",
    `the server "${name}" (${what}) at "${endpoint}" has no such ${words}: it lacks the API extension "${missing}". Give the resource the endpoint of a server that has it.`,
  );
}
