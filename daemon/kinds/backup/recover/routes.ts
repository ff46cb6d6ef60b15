/** Routes of recovery, as `lxd recover` calls them: for those who have the whole server. */
import { RecoverPools, RecoverResult } from "../../../../sdk/api/storage-pool";
import { ofServer, type Route, route, sync } from "../../../http/route";
import { answers } from "../../../http/says";
import type { BackupHome } from "../home";
import { recover, validate } from "./recover";

export const recoverRoutes = (home: BackupHome): Route[] =>
  ofServer([
    route(
      "POST",
      "/internal/recover/validate",
      {
        summary: "Tells which instances storage pools hold that the server does not know.",
        body: RecoverPools,
        answer: answers.one(RecoverResult),
      },
      async (_request, pools) => sync(await validate(home, pools)),
    ),
    route(
      "POST",
      "/internal/recover/import",
      {
        summary: "Makes such instances known again, unless something is lacking for that.",
        body: RecoverPools,
        answer: [answers.nothing, { ...answers.one(RecoverResult), when: "something is lacking" }],
      },
      async ({ call }, pools) => sync((await recover(home, call, pools)) ?? {}),
    ),
  ]);
