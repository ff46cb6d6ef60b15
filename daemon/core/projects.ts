/** Projects port: what every kind that lives in projects asks of them. kinds/project keeps them. */

/** What a project has of its own when the feature is on, and shares with the default project when it is off. */
export type ProjectFeature = "images" | "networks" | "profiles" | "storage.volumes";

export interface Projects {
  /** @throws ApiError NOT_FOUND "Project not found" */
  require(project: string): void;
  /** Where objects lie that a project has by a feature: in itself, or in the default project. */
  homeOf(feature: ProjectFeature, project: string): string;
}
