/** ACLs that a nic names have to be there when it comes to name them. */
import type { Device } from "../../../sdk/api/common";
import { aclsOfNic } from "../../../sdk/api/devices/nic-acls";
import { badRequest } from "../../../sdk/api/errors";

/** @param device its name @param has whether there is such an ACL @throws ApiError BAD_REQUEST that names the first that is missing */
export function requireAclsOfNic(
  device: string,
  options: Device,
  has: (acl: string) => boolean,
  failure = `Device validation failed for "${device}"`,
): void {
  const missing = options.type === "nic" ? aclsOfNic(options).find((acl) => !has(acl)) : undefined;
  if (missing !== undefined)
    throw badRequest(
      `${failure}: Invalid device option "security.acls": Network ACL "${missing}" does not exist. Make it first.`,
    );
}
