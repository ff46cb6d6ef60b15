/** Routes of profiles: those that every kind has. */
import { profileKind } from "../../../sdk/api/profile";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { inProjects } from "../../http/route";
import type { ProfileService } from "./service";

export const profileRoutes = (profiles: ProfileService, changes: Changes) =>
  inProjects(
    kindRoutes(profileKind, profiles, changes, ({ project }, name) => ref("profile", name, profiles.homeOf(project))),
  );
