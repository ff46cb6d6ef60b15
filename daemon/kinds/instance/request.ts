/** Which instance a request means: its name in the path, in the project of who calls. */
import { type ApiRequest, param } from "../../http/route";
import type { InstanceId } from "./record";

export const idOf = (request: ApiRequest, part = "name"): InstanceId => ({
  project: request.call.project,
  name: param(request, part),
});
