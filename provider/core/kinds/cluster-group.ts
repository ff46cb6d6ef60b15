/** Cluster group: members of a cluster under a name, on which instances can be placed. */
import * as z from "zod";
import { ClusterGroupName, clusterGroupKind } from "../../../sdk/api/cluster-group";
import { Text } from "../../../sdk/api/common";
import { plainSet } from "../engine/alike";
import { adopt, description, endpoint, replacing, timeouts } from "../engine/inputs";
import { withRetry } from "../engine/write";
import { namedCore } from "./named";

export const ClusterGroupInputs = z.strictObject({
  name: ClusterGroupName.meta(replacing("Name of the group; made from the resource's name when absent.")),
  description,
  members: z
    .array(Text.min(1))
    .default([])
    .meta({ description: "Names of members of the cluster. Their order means nothing." }),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof ClusterGroupInputs>;

export const clusterGroup = namedCore<Inputs & { readonly config?: never }, typeof clusterGroupKind>({
  definition: clusterGroupKind,
  type: "ClusterGroup",
  description:
    'Members of a cluster under a name, on which instances can be placed (`target: "@name"`), on a cluster of LXD or Incus; Bothy\'s own daemon is none.',
  inputs: ClusterGroupInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  alike: { members: plainSet },
  outs: ({ members }) => ({ members: members ?? [] }),
  culprits: [[/member/i, "members"]],
  // Servers delete only groups without members, and LXD 5.0.2 does not say of one that is gone that it is not found.
  clear: (context, name) =>
    withRetry(context, async () => {
      const { client, signal } = context;
      const { value, etag } = await client.getClusterGroup(name, { signal });
      if ((value.members ?? []).length === 0) return;
      await client.updateClusterGroup(name, { description: value.description, members: [] }, { etag, signal });
    }),
});
