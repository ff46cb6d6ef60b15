/** Addresses: the environment chooses them, so that they are known before anything starts and the same in each fork. */

/** Below it are those that people like to give by hand. */
const firstHost = 10;

/** @param subnet the bridge's address, such as "10.1.2.1/24" @param index from 0 @returns an address of that subnet */
export function addressAt(subnet: string, index: number): string {
  const [address = "", bits = ""] = subnet.split("/");
  const mask = 2 ** (32 - Number(bits));
  const bridge = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const offset = firstHost + index;
  if (offset >= mask - 1) throw new Error(`Cannot make another container: the subnet ${subnet} has no more addresses.`);
  const value = bridge - (bridge % mask) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
