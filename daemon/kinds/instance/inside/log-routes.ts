/** Routes of an instance's logs and its console log (docs/lxd-api.md, Instances). */
import { createReadStream } from "node:fs";
import { rm, truncate } from "node:fs/promises";
import path from "node:path";
import { Text } from "../../../../sdk/api/common";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { type ApiRequest, param, type Route, raw, route, sync } from "../../../http/route";
import { answers } from "../../../http/says";
import { entries, ignoring, isThere } from "../../../platform/folders/files";
import type { InstanceHome } from "../home";
import { keyOf } from "../record";
import { idOf } from "../request";
import { isExecLog } from "./exec-logs";

const base = "/1.0/instances/:name";

const isLogName = (name: string) => /^(lxc|console)\.log(\.old)?$/.test(name) || isExecLog(name);

export function logRoutes({ book, dirs }: InstanceHome): Route[] {
  function folderOf(request: ApiRequest): string {
    return dirs.logs(keyOf(book.record(idOf(request))));
  }

  async function listLogs(request: ApiRequest) {
    const folder = folderOf(request);
    const names = await entries(folder);
    return sync(names.filter(isLogName).map((name) => `/1.0/instances/${param(request, "name")}/logs/${name}`));
  }

  /** What commands have printed alone, as later versions of LXD and Incus have it. */
  async function listOutputs(request: ApiRequest) {
    const names = (await entries(folderOf(request))).filter(isExecLog);
    return sync(names.map((name) => `/1.0/instances/${param(request, "name")}/logs/exec-output/${name}`));
  }

  async function getOutput(request: ApiRequest) {
    const name = param(request, "file");
    if (!isExecLog(name)) throw badRequest(`log file name "${name}" not valid`);
    return raw(createReadStream(await fileOf(request)));
  }

  async function fileOf(request: ApiRequest): Promise<string> {
    const name = param(request, "file");
    if (!isLogName(name)) throw badRequest(`log file name "${name}" not valid`);
    const file = path.join(folderOf(request), name);
    if (!(await isThere(file))) throw notFound(`Log file "${name}" not found`);
    return file;
  }

  async function getLog(request: ApiRequest) {
    // One that was never started has nothing to say yet, which is not an error.
    if (param(request, "file") === "lxc.log" && !(await isThere(path.join(folderOf(request), "lxc.log"))))
      return raw("");
    return raw(createReadStream(await fileOf(request)));
  }

  async function deleteLog(request: ApiRequest) {
    if (!isExecLog(param(request, "file"))) throw badRequest("Only the log files of exec can be deleted.");
    await rm(await fileOf(request));
    return sync();
  }

  async function getConsole(request: ApiRequest) {
    const file = path.join(folderOf(request), "console.log");
    return raw((await isThere(file)) ? createReadStream(file) : "");
  }

  async function clearConsole(request: ApiRequest) {
    await ignoring("ENOENT", truncate(path.join(folderOf(request), "console.log")));
    return sync();
  }

  return [
    route(
      "GET",
      `${base}/logs`,
      { summary: "Lists the paths of an instance's logs.", answer: answers.all(Text) },
      listLogs,
    ),
    route("GET", `${base}/logs/:file`, { summary: "Reads a log.", answer: answers.raw("the log") }, getLog),
    route("DELETE", `${base}/logs/:file`, { summary: "Deletes a log of an exec.", answer: answers.nothing }, deleteLog),
    route(
      "GET",
      `${base}/logs/exec-output`,
      { summary: "Lists the paths of what commands have printed.", answer: answers.all(Text) },
      listOutputs,
    ),
    route(
      "GET",
      `${base}/logs/exec-output/:file`,
      { summary: "Reads what a command has printed.", answer: answers.raw("the output") },
      getOutput,
    ),
    route(
      "DELETE",
      `${base}/logs/exec-output/:file`,
      { summary: "Deletes what a command has printed.", answer: answers.nothing },
      deleteLog,
    ),
    route(
      "GET",
      `${base}/console`,
      {
        summary: "Reads what an instance wrote to its console.",
        answer: answers.raw("the end of the console's output"),
      },
      getConsole,
    ),
    route(
      "DELETE",
      `${base}/console`,
      { summary: "Empties the log of the console.", answer: answers.nothing },
      clearConsole,
    ),
  ];
}
