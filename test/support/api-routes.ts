/** The routes of the whole API, websockets too, for tests that ask each of them the same and for its page. Their handlers are not called. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeParts, routesOf, schemas, upgradesOf } from "../../daemon/composition";
import type { Access } from "../../daemon/core/access";
import { isRaw, type Route } from "../../daemon/http/route";
import { ParentGroups, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { seccompDir } from "../../sdk/host/package";
import { testPlatform } from "./platform";

export interface ApiRoute extends Pick<Route, "method" | "path" | "says" | "anyProject"> {
  readonly access: Access;
  readonly rawBody: boolean;
  /** It is a websocket. */
  readonly upgrades: boolean;
}

function readRoutes(): ApiRoute[] {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-routes-"));
  try {
    const platform = testPlatform(state, schemas, {});
    const groups = new ParentGroups(readCgroupLayout(), "bothy-test-routes", platform.log);
    const parts = makeParts({ ...platform, groups, seccompDir });
    const shutdown = {
      operations: () => Promise.resolve(),
      containers: () => Promise.resolve(),
      daemon: () => undefined,
    };
    const upgrades = upgradesOf(parts).map((each) => ({ ...each, method: "GET" as const, upgrades: true }));
    const plain = routesOf(parts, shutdown).map((each) => ({ ...each, upgrades: false }));
    const routes = [...plain, ...upgrades].map(
      ({ method, path: at, says, access = "admin", anyProject = false, upgrades: isUpgrade }) => ({
        method,
        path: at,
        says,
        access,
        anyProject,
        rawBody: isRaw({ says }),
        upgrades: isUpgrade,
      }),
    );
    platform.database.close();
    return routes;
  } finally {
    rmSync(state, { recursive: true });
  }
}

export const apiRoutes = readRoutes();
