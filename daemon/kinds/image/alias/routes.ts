/** Routes of image aliases, whose names may hold slashes: those that every kind has. */
import { imageAliasKind } from "../../../../sdk/api/image";
import type { Changes } from "../../../core/changes";
import { ref } from "../../../core/ref";
import { kindRoutes } from "../../../http/kind-routes";
import type { ImageAliases } from "./aliases";

export const aliasRoutes = (aliases: ImageAliases, changes: Changes) =>
  kindRoutes(imageAliasKind, aliases, changes, ({ project }, name) =>
    ref("image-alias", name, aliases.projectOf(project)),
  );
