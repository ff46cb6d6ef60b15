/** Routes of image aliases, whose names may hold slashes. */
import { ImageAliasesPost, ImageAliasPost, ImageAliasPut } from "../../../../sdk/api/image";
import { patchOf } from "../../../../sdk/api/patch";
import { checkEtag } from "../../../http/etag";
import {
  type ApiRequest,
  created,
  ifMatchOf,
  param,
  parseBody,
  type Reply,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../../http/route";

const urlOf = (name: string) => `/1.0/images/aliases/${name.split("/").map(encodeURIComponent).join("/")}`;

export const aliasRoutes: Route[] = [
  route("GET", "/1.0/images/aliases", listAliases),
  route("POST", "/1.0/images/aliases", createAlias),
  route("GET", "/1.0/images/aliases/:name*", getAlias),
  route("PUT", "/1.0/images/aliases/:name*", (request) => {
    const put = parseBody(request, ImageAliasPut);
    return change(request, () => put);
  }),
  route("PATCH", "/1.0/images/aliases/:name*", (request) => {
    const patch = parseBody(request, patchOf(ImageAliasPut));
    return change(request, (have) => ({
      description: patch.description ?? have.description,
      target: patch.target ?? have.target,
    }));
  }),
  route("POST", "/1.0/images/aliases/:name*", renameAlias),
  route("DELETE", "/1.0/images/aliases/:name*", deleteAlias),
];

interface AliasPut {
  readonly description: string;
  readonly target: string;
}

function listAliases(request: ApiRequest): Reply {
  const aliases = request.context.images.aliases.list();
  return sync(recursionOf(request) === 0 ? aliases.map(({ name }) => urlOf(name)) : aliases);
}

function createAlias(request: ApiRequest): Reply {
  const post = parseBody(request, ImageAliasesPost);
  request.context.images.aliases.create(post);
  tell(request, "image-alias-created", post.name);
  return created(urlOf(post.name));
}

function getAlias(request: ApiRequest): Reply {
  const alias = request.context.images.aliases.get(param(request, "name"));
  return sync(alias, alias);
}

function change(request: ApiRequest, next: (have: AliasPut) => AliasPut): Reply {
  const name = param(request, "name");
  const { images } = request.context;
  const have = images.aliases.get(name);
  checkEtag(ifMatchOf(request), have);
  images.aliases.update(name, next(have));
  tell(request, "image-alias-updated", name);
  return sync();
}

function renameAlias(request: ApiRequest): Reply {
  const from = param(request, "name");
  const { name: to } = parseBody(request, ImageAliasPost);
  request.context.images.aliases.rename(from, to);
  tell(request, "image-alias-renamed", to, { old_name: from });
  return created(urlOf(to));
}

function deleteAlias(request: ApiRequest): Reply {
  const name = param(request, "name");
  request.context.images.aliases.delete(name);
  tell(request, "image-alias-deleted", name);
  return sync();
}

function tell(request: ApiRequest, action: string, name: string, context?: Record<string, unknown>): void {
  request.context.events.lifecycle({ action, source: urlOf(name), context, requestor: request.requestor });
}
