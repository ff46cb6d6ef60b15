/** Container delete: what speaks against it is said first, then what runs is killed. */
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import type { Context } from "../../engine/core";
import { untilGone } from "../../engine/delete";
import { setState } from "./write";

/** Extension of the daemon that kills and deletes in one request. */
const forceDeleteExtension = "bothy_instance_force_delete";

/** Deletes a container, running or not; one that is gone already is as good. @throws ApiError BAD_REQUEST for a protected one, which runs on */
export function deleteContainer(context: Context, name: string): Promise<void> {
  const { client, signal } = context;
  const remove = async () => {
    const { value } = await client.getInstance(name, { signal });
    if (instanceConfig(value.expanded_config).get("security.protection.delete"))
      throw badRequest(
        "Container is protected from being deleted. Unset security.protection.delete first, of it or of its profile.",
      );
    const force = value.status !== "Stopped" && context.server.api_extensions.includes(forceDeleteExtension);
    if (value.status !== "Stopped" && !force) await forceStop(context, name);
    const operation = await client.deleteInstance(name, { signal, force });
    await operation.wait({ signal });
  };
  const look = () => client.getInstance(name, { signal });
  return untilGone(context, { url: `/1.0/instances/${name}`, remove, look });
}

/** Kills what runs. One that stopped by itself meanwhile is as good. */
async function forceStop(context: Context, name: string): Promise<void> {
  try {
    await setState(context, name, "stop", true);
  } catch (error) {
    if (!ApiError.is(error) || !/already stopped|not running/i.test(error.message)) throw error;
  }
}
