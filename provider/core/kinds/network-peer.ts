/** Network peer: what lets two networks reach each other, on servers that have it. */
import * as z from "zod";
import { NetworkName, ProjectName, Text } from "../../../sdk/api/common";
import { NetworkPeerName, networkPeerKind } from "../../../sdk/api/network-peer";
import type { CheckFailure } from "../engine/core";
import { adopt, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { compact, type Props } from "../engine/values";
import { configElsewhere } from "./elsewhere";
import { namedCore, pick } from "./named";

export const NetworkPeerInputs = z.strictObject({
  network: NetworkName.meta(replacing("Network of type `ovn` that gets the peer.")),
  name: NetworkPeerName.meta(replacing("Name of the peer; made from the resource's name when absent.")),
  targetNetwork: NetworkName.optional().meta(
    replacing("Network on the other side, which needs a peer of this one before traffic flows."),
  ),
  targetProject: ProjectName.optional().meta(replacing("Project of that network; that of `network` when absent.")),
  type: wordOf(["local", "remote"])
    .optional()
    .meta(replacing("`local` when absent, or `remote` for a `targetIntegration`, on Incus.")),
  targetIntegration: Text.min(1).optional().meta(replacing("Network integration of a remote peer, on Incus.")),
  description,
  config: configElsewhere("`user.*`"),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkPeerInputs>;

/** Inputs that only a create takes, by their words on the wire. */
const targets = {
  targetNetwork: "target_network",
  targetProject: "target_project",
  type: "type",
  targetIntegration: "target_integration",
} as const;

function rules({ targetNetwork, targetIntegration, type }: Props): CheckFailure[] {
  if (targetNetwork === undefined && targetIntegration === undefined)
    return [{ property: "targetNetwork", reason: 'is required, unless "targetIntegration" names what the peer is of' }];
  if (targetNetwork !== undefined && targetIntegration !== undefined)
    return [{ property: "targetIntegration", reason: 'cannot be combined with "targetNetwork"' }];
  if (type === "local" && targetIntegration !== undefined)
    return [{ property: "type", reason: 'must be remote beside "targetIntegration"' }];
  return [];
}

export const networkPeer = namedCore<Inputs, typeof networkPeerKind>({
  definition: networkPeerKind,
  type: "NetworkPeer",
  description:
    "What lets two networks of type `ovn` reach each other, on servers that have such networks; Bothy's own has none.",
  inputs: NetworkPeerInputs,
  outputs: z.object({
    status: z.string().meta({ description: "`Pending` until the other network has a peer of this one." }),
  }),
  nameMaxLength: 63,
  patchMayLose: true,
  needs: ({ type, targetIntegration }) =>
    type === undefined && targetIntegration === undefined ? [] : ["network_integrations"],
  rules,
  post: (inputs) =>
    compact({
      target_network: inputs.targetNetwork,
      target_project: inputs.targetProject,
      type: inputs.type ?? (inputs.targetIntegration === undefined ? undefined : "remote"),
      target_integration: inputs.targetIntegration,
    }),
  // A server fills in the project and the type, which is no drift where the program says none.
  outs: (full, props) => {
    const told = Object.entries(targets).map(([own, wire]) => [own, full[wire] || undefined] as const);
    const isTold = (name: string) => name === "targetNetwork" || props[name] !== undefined;
    return { ...compact(pick(Object.fromEntries(told), Object.keys(targets).filter(isTold))), status: full.status };
  },
  culprits: [[/target network/i, "targetNetwork"]],
});
