/** Kernel modules: what of the host's kernel a container asks for by name. */
import { existsSync } from "node:fs";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { run } from "../processes/run";

/** @param text names separated by commas */
export const moduleNames = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** Loads modules that are neither loaded nor built in; those that the host's administrator has blocked stay out. @throws ApiError BAD_REQUEST that names the module */
export async function loadModules(names: readonly string[]): Promise<void> {
  for (const name of names) {
    // A dash in a name is an underscore in the kernel.
    if (existsSync(`/sys/module/${name.replaceAll("-", "_")}`)) continue;
    try {
      await run("modprobe", ["-b", "--", name]);
    } catch (error) {
      const cause = ApiError.is(error) ? error.message.replace(/\.$/, "") : String(error);
      throw badRequest(
        `Failed to load kernel module "${name}": ${cause}. Load it yourself, or take it out of linux.kernel_modules.`,
        { cause: error },
      );
    }
  }
}
