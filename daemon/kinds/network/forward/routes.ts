/** Routes of forwards of networks: those that every kind has; and of peers, which networks of type bridge have not. */
import { badRequest } from "../../../../sdk/api/errors";
import { plainAddress } from "../../../../sdk/api/ip-address";
import { networkForwardKind } from "../../../../sdk/api/network-forward";
import type { Changes } from "../../../core/changes";
import { forwardRef } from "../../../core/ref";
import { kindRoutes } from "../../../http/kind-routes";
import { type ApiRequest, type Route, route } from "../../../http/route";
import { answers } from "../../../http/says";
import type { NetworkService } from "../service";

export const networkForwardRoutes = (networks: NetworkService, changes: Changes): Route[] => [
  ...kindRoutes(
    networkForwardKind,
    (call, network) => networks.forwards.of(call, network),
    changes,
    (_call, address, network) => forwardRef(network, plainAddress(address)),
  ),
  ...peerRoutes(networks),
];

/** Networks of type `ovn` alone have peers. As in LXD all else refuses every question about them (extension network_peer). */
const peerRoutes = (networks: NetworkService): Route[] => {
  const all = "/1.0/networks/:network/peers";
  const one = `${all}/:peer`;
  const refused = { summary: "Is refused: only networks of type `ovn` have peers.", answer: answers.nothing };
  const refuse = ({ call, params }: ApiRequest): never => {
    const { network: name = "" } = params;
    throw badRequest(`Network driver "${networks.forwards.network(call, name).type}" does not support peering`);
  };
  return (
    [
      ["GET", all],
      ["POST", all],
      ["GET", one],
      ["PUT", one],
      ["PATCH", one],
      ["DELETE", one],
    ] as const
  ).map(([method, path]) => route(method, path, refused, refuse));
};
