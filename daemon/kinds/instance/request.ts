/** Request: which instance a request means, and what the operation that it starts says of that one. */
import { urlOf } from "../../core/ref";
import { type ApiRequest, param } from "../../http/route";
import { type InstanceId, instanceRef } from "./record";

/** The instance of a name in the path, in the project of who calls. */
export const idOf = (request: ApiRequest, part = "name"): InstanceId => ({
  project: request.call.project,
  name: param(request, part),
});

/** What an operation on an instance says of itself. */
export const about = (instance: InstanceId, description: string, mayCancel = false) => ({
  description,
  resources: {
    instances: [urlOf(instanceRef(instance))],
    containers: [urlOf(instanceRef(instance)).replace("instances", "containers")],
  },
  mayCancel,
});
