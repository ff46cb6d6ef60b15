/** Cluster group: members of a cluster under a name, on which instances can be placed (`target: "@name"`). Bothy's own daemon is no cluster. */
import * as z from "zod";
import { Text, text } from "./common";
import { defineKind } from "./kind";
import { means } from "./means";

export const ClusterGroupName = Text.min(1).refine((name) => !/[\s/]/.test(name), {
  message: "must not contain spaces and slashes",
});

export const ClusterGroupPut = z.object({
  description: text,
  members: means(z.array(Text).default([]), "Names of members of the cluster."),
});
export type ClusterGroupPut = z.infer<typeof ClusterGroupPut>;

export const ClusterGroupsPost = ClusterGroupPut.extend({ name: ClusterGroupName });
export type ClusterGroupsPost = z.infer<typeof ClusterGroupsPost>;

export const ClusterGroupPost = z.object({ name: ClusterGroupName });
export type ClusterGroupPost = z.infer<typeof ClusterGroupPost>;

export const ClusterGroup = z.looseObject({
  ...ClusterGroupPut.shape,
  members: z.array(z.string()).nullable().default([]),
  name: z.string(),
  config: z.record(z.string(), z.string()).default({}),
});
export type ClusterGroup = z.infer<typeof ClusterGroup>;

export const clusterGroupKind = defineKind({
  name: "cluster-group",
  title: "Cluster group",
  path: "/1.0/cluster/groups",
  extension: "clustering_groups",
  put: ClusterGroupPut,
  post: ClusterGroupsPost,
  shown: ClusterGroup,
  tagged: ["name", "description", "members"],
  rename: ClusterGroupPost,
  says: { delete: "Deletes a group that has no members." },
});
