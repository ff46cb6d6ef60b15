/** Features: what a project has of its own. */
import type { Config } from "../../../sdk/api/common";
import { projectConfig } from "../../../sdk/api/config/project";
import type { ProjectFeature } from "../../core/projects";

const features: readonly ProjectFeature[] = ["images", "networks", "profiles", "storage.volumes"];

/** What a new project has of its own when nobody says otherwise. */
export const allFeatures: Config = {
  "features.images": "true",
  "features.profiles": "true",
  "features.storage.volumes": "true",
};

/** What the default project has; nobody changes it. */
export const defaultFeatures: Config = { ...allFeatures, "features.networks": "true" };

export const hasFeature = (config: Config, feature: ProjectFeature): boolean =>
  projectConfig(config).get(`features.${feature}`) === true;

/** Features that two configurations differ in. */
export const changedFeatures = (was: Config, is: Config): ProjectFeature[] =>
  features.filter((feature) => hasFeature(was, feature) !== hasFeature(is, feature));
