/** The routes of the whole API, for tests that ask each of them the same. Their handlers are not called. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeParts, routesOf, schemas } from "../../daemon/composition";
import { ParentGroups, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { seccompDir } from "../../sdk/host/package";
import { testPlatform } from "./platform";

function readRoutes() {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-routes-"));
  try {
    const platform = testPlatform(state, schemas, {});
    const groups = new ParentGroups(readCgroupLayout(), "bothy-test-routes", platform.log);
    const parts = makeParts({ ...platform, groups, seccompDir });
    const shutdown = { containers: () => Promise.resolve(), daemon: () => undefined };
    const routes = routesOf(parts, shutdown).map(({ method, path: at, rawBody }) => ({ method, path: at, rawBody }));
    platform.database.close();
    return routes;
  } finally {
    rmSync(state, { recursive: true });
  }
}

export const apiRoutes = readRoutes();
