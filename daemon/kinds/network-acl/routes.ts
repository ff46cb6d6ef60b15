/** Routes of network ACLs: those that every kind has, and what was logged. */
import { networkAclKind } from "../../../sdk/api/network-acl";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { param, type Route, raw, route, sharedForReading } from "../../http/route";
import { answers } from "../../http/says";
import type { NetworkAclService } from "./service";

export const networkAclRoutes = (acls: NetworkAclService, changes: Changes): Route[] =>
  sharedForReading("view", [
    ...kindRoutes(networkAclKind, acls, changes, (_call, name) => ref("network-acl", name)),
    {
      ...route(
        "GET",
        `${networkAclKind.path}/:name/log`,
        {
          summary: "Shows what the rules of a network ACL have logged, as far back as the kernel's log goes.",
          answer: answers.raw("one JSON object a line, oldest first"),
        },
        async (request) => raw(acls.log(param(request, "name")), { "content-type": "text/plain; charset=utf-8" }),
      ),
      // It tells of packets of all projects.
      access: "admin",
    },
  ]);
