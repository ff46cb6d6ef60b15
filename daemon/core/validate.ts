/** Validate: configuration and devices against the tables of sdk/api/config, as one error. */
import type { Config, Devices } from "../../sdk/api/common";
import { checkConfig, type KeyTable } from "../../sdk/api/config/table";
import { checkDevices } from "../../sdk/api/devices/check";
import { badRequest } from "../../sdk/api/errors";

/** @param lxd keys that LXD has for such an object @throws ApiError BAD_REQUEST that names every wrong key, with paths in its details */
export function requireConfig(table: KeyTable, config: Config, lxd?: readonly string[]): void {
  const issues = checkConfig(table, config, lxd);
  if (issues.length > 0)
    throw badRequest(issues.map((issue) => issue.message).join("; "), {
      details: { issues: issues.map(({ key, message }) => ({ path: `config.${key}`, message })) },
    });
}

/** @throws ApiError BAD_REQUEST that names every wrong device and option */
export function requireDevices(devices: Devices): void {
  const issues = checkDevices(devices);
  if (issues.length > 0)
    throw badRequest(issues.map((issue) => issue.message).join("; "), {
      details: {
        issues: issues.map(({ device, option, message }) => ({
          path: option === undefined ? `devices.${device}` : `devices.${device}.${option}`,
          message,
        })),
      },
    });
}

/** Refuses a name that its kind cannot have. @param what kind, for the message @throws ApiError BAD_REQUEST with the reason */
export function requireName(
  what: string,
  type: { safeParse(value: unknown): { success: boolean; error?: { issues: readonly { message: string }[] } } },
  name: string,
): void {
  const result = type.safeParse(name);
  if (!result.success)
    throw badRequest(
      `Invalid ${what} name ${JSON.stringify(name)}: it ${result.error?.issues[0]?.message ?? "is not valid"}.`,
    );
}
