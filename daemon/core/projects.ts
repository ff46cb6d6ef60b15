/** Projects port: what every kind that lives in projects asks of them. kinds/project keeps them. */

/** What a project has of its own when the feature is on, and shares with the default project when it is off. */
export type ProjectFeature = "images" | "networks" | "profiles" | "storage.volumes";

/** LXD's words for a project that does not exist. */
export const projectNotFound = "Project not found";

export interface Projects {
  /** Where objects lie that a project has by a feature: in itself, or in the default project. */
  homeOf(feature: ProjectFeature, project: string): string;
  /** For whoever puts something into a project, in the same turn: it may be gone since the request came in. @throws ApiError NOT_FOUND */
  require(project: string): void;
}
