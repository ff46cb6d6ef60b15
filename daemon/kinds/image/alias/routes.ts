/** Routes of image aliases, whose names may hold slashes: those that every kind has. */
import { imageAliasKind } from "../../../../sdk/api/image";
import type { Changes } from "../../../core/changes";
import { ref } from "../../../core/ref";
import { kindRoutes } from "../../../http/kind-routes";
import type { Route } from "../../../http/route";
import type { ImageAliases } from "./aliases";

export const aliasRoutes = (aliases: ImageAliases, changes: Changes): Route[] =>
  kindRoutes(imageAliasKind, aliases, changes, ({ project }, name) =>
    ref("image-alias", name, aliases.projectOf(project)),
  ).map((each) => (isOfOne(each) ? { ...each, access: "untrusted" } : each));

/** What everybody may ask: which image an alias means, as far as that is public. */
const isOfOne = ({ method, path }: Route): boolean => method === "GET" && path !== imageAliasKind.path;
