/** Lacks: some kinds, and some inputs, are not on every server. The API extensions of a server tell, before anything is asked of it. */
import type { Server } from "../../../sdk";
import { ApiError } from "../../../sdk/api/errors";
import { featuresIn } from "./features";
import type { Holder } from "./identity";
import type { Feature, Featured, Needy } from "./needy";
import type { Props } from "./values";

const isOurs = (extension: string): boolean => extension.startsWith("bothy_");

/** Its own tells LXD's name, as clients expect. */
const isBothy = ({ api_extensions: extensions }: Server): boolean => extensions.some(isOurs);

function serverWords(server: Server, { endpoint }: Holder): string {
  const { server: software, server_version: version, server_name: name } = server.environment;
  return `the server "${name}" (${isBothy(server) ? "bothyd" : `${software} ${version}`}) at "${endpoint}"`;
}

/** A server of Bothy's claims an extension of LXD's when all of it works, and takes the keys of some others (`network_bgp`) all the same. */
const lacks = (server: Server, extension: string): boolean =>
  !server.api_extensions.includes(extension) && (isOurs(extension) || !isBothy(server));

/** @throws ApiError NOT_IMPLEMENTED that names the kind, the server and the extension */
export function requireExtensions({ kind, needs }: Needy, props: Props, server: Server, holder: Holder): void {
  const missing = needs?.(props).find((extension) => !server.api_extensions.includes(extension));
  if (missing === undefined) return;
  const words = kind.replaceAll("-", " ");
  throw new ApiError(
    "NOT_IMPLEMENTED",
    `${serverWords(server, holder)} has no such ${words}: it lacks the API extension "${missing}". Give the resource the endpoint of a server that has it.`,
  );
}

const featuresOf = (featured: Featured, props: Props): readonly Feature[] =>
  featured.features?.(props) ?? featuresIn(featured.inputs, props);

/** Whether there is anything that a server may lack. */
export const asksForMore = (featured: Featured, props: Props): boolean =>
  (featured.needs?.(props) ?? []).length > 0 || featuresOf(featured, props).length > 0;

/** @throws ApiError NOT_IMPLEMENTED that names the inputs of which the server knows nothing */
export function requireFeatures(featured: Featured, props: Props, server: Server, holder: Holder): void {
  const missing = featuresOf(featured, props).filter(({ extension }) => lacks(server, extension));
  if (missing.length === 0) return;
  const properties = missing.map(({ property }) => property).join(", ");
  const extensions = [...new Set(missing.map(({ extension }) => `"${extension}"`))].join(", ");
  const [it, what] = extensions.includes(",") ? ["them", "API extensions"] : ["it", "API extension"];
  throw new ApiError(
    "NOT_IMPLEMENTED",
    `${properties}: ${serverWords(server, holder)} does not know that: it lacks the ${what} ${extensions}. Leave it out, or give the resource the endpoint of a server that has ${it}.`,
  );
}
