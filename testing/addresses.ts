/** Addresses: the environment chooses them, so that they are known before anything starts and the same in each fork. */
import { addressText, firstOf, lastOf, parseSubnet } from "../sdk/api/ipv4";

/** Below it are those that people like to give by hand. */
const firstHost = 10;

/** @param subnet the bridge's address, such as "10.1.2.1/24" @param index from 0 @returns an address of that subnet */
export function addressAt(subnet: string, index: number): string {
  const bridge = parseSubnet(subnet);
  const address = bridge && firstOf(bridge) + firstHost + index;
  if (bridge === undefined || address === undefined || address >= lastOf(bridge))
    throw new Error(`Cannot make another container: the subnet ${subnet} has no more addresses.`);
  return addressText(address);
}
