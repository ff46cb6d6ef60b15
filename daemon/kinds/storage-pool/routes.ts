/** Routes of storage pools: those that every kind has, and what a pool holds. */
import { StoragePoolResources, storagePoolKind } from "../../../sdk/api/storage-pool";
import type { Changes } from "../../core/changes";
import { ref } from "../../core/ref";
import { kindRoutes } from "../../http/kind-routes";
import { param, type Route, route, sharedForReading, sync } from "../../http/route";
import { answers } from "../../http/says";
import type { StoragePoolService } from "./service";

export const storagePoolRoutes = (pools: StoragePoolService, changes: Changes): Route[] =>
  sharedForReading("authenticated", [
    ...kindRoutes(storagePoolKind, pools, changes, (_call, name) => ref("storage-pool", name)),
    route(
      "GET",
      `${storagePoolKind.path}/:name/resources`,
      { summary: "Shows the bytes and inodes of a pool.", answer: answers.one(StoragePoolResources) },
      async (request) => sync(await pools.resources(param(request, "name"))),
    ),
  ]);
