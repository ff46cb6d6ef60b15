/** Reference: what a registry and a name in it are in skopeo's words. Nothing of a client's gets there that has another form. */
import { badRequest } from "../../../../sdk/api/errors";

export interface OciReference {
  /** Registry and repository: "docker.io/nginx", "127.0.0.1:5000/team/app". */
  readonly repository: string;
  /** ":alpine" or "@sha256:..." */
  readonly version: string;
  /** Whether it is spoken to by HTTPS. */
  readonly isSecure: boolean;
}

const host = String.raw`(?:[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?|\[[0-9a-f:]{2,45}\])(?::\d{1,5})?`;
const part = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`;
const serverForm = new RegExp(`^(https?)://(${host})((?:/${part}){0,10})/?$`);
const nameForm = new RegExp(
  `^(${part}(?:/${part}){0,10})(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/**
 * @param server "https://docker.io", or with a path before the names; http is for a registry without TLS
 * @param name "nginx:alpine", "team/app@sha256:..."
 * @throws ApiError BAD_REQUEST
 */
export function parseReference(server: string, name: string): OciReference {
  const [, scheme, registry, prefix = ""] = serverForm.exec(server) ?? [];
  if (scheme === undefined || registry === undefined)
    throw badRequest(
      `Cannot fetch an image from ${JSON.stringify(server.slice(0, 200))}: it is not the address of a registry. Use one such as https://docker.io.`,
    );
  const [, repository, tag, digest] = nameForm.exec(name) ?? [];
  if (repository === undefined)
    throw badRequest(
      `Cannot fetch the image ${JSON.stringify(name.slice(0, 200))}: it is not a name in a registry. Use one such as nginx:alpine; images of a registry have no other fingerprint than name@sha256:DIGEST.`,
    );
  return {
    repository: `${registry}${prefix}/${repository}`,
    version: digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`,
    isSecure: scheme === "https",
  };
}
