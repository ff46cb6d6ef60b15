/** System: the machine itself, from the firmware's tables in /sys/class/dmi. */
import path from "node:path";
import { type Roots, readDir, textIn } from "../../platform/hardware/files";

/** Names of the forms of a chassis (System Management BIOS Reference, 7.4.1), as LXD writes them. */
const chassisTypes: readonly string[] = [
  "",
  "Other",
  "Unknown",
  "Desktop",
  "Low Profile Desktop",
  "Pizza Box",
  "Mini Tower",
  "Tower",
  "Portable",
  "Laptop",
  "Notebook",
  "Hand Held",
  "Docking Station",
  "All In One",
  "Sub Notebook",
  "Space-saving",
  "Lunch Box",
  "Main Server Chassis",
  "Expansion Chassis",
  "Sub Chassis",
  "Bus Expansion Chassis",
  "Peripheral Chassis",
  "RAID Chassis",
  "Rack Mount Chassis",
  "Sealed-case PC",
  "Multi-system",
  "CompactPCI",
  "AdvancedTCA",
  "Blade",
  "Blade Enclosing",
  "Tablet",
  "Convertible",
  "Detachable",
  "IoT Gateway",
  "Embedded PC",
  "Mini PC",
  "Stick PC",
];

export async function readSystem(roots: Roots) {
  const folder = path.join(roots.sys, "class/dmi/id");
  const text = async (name: string) => ((await textIn(folder, name)) ?? "").trim();
  const isThere = (await readDir(folder)).length > 0;
  return {
    uuid: await text("product_uuid"),
    vendor: await text("sys_vendor"),
    product: await text("product_name"),
    family: await text("product_family"),
    version: await text("product_version"),
    sku: await text("product_sku"),
    serial: await text("product_serial"),
    type: await typeOf(roots),
    firmware: isThere
      ? { vendor: await text("bios_vendor"), date: await text("bios_date"), version: await text("bios_version") }
      : null,
    chassis: isThere
      ? {
          vendor: await text("chassis_vendor"),
          type: chassisTypes[Number(await text("chassis_type"))] ?? "",
          serial: await text("chassis_serial"),
          version: await text("chassis_version"),
        }
      : null,
    motherboard: isThere
      ? {
          vendor: await text("board_vendor"),
          product: await text("board_name"),
          serial: await text("board_serial"),
          version: await text("board_version"),
        }
      : null,
  };
}

/** A container is known by its map of user ids, a virtual machine by the bit that hypervisors set. */
async function typeOf(roots: Roots): Promise<"container" | "virtual-machine" | "physical"> {
  const [first = ""] = ((await textIn(roots.proc, "self/uid_map")) ?? "").trim().split("\n");
  if (first !== "" && first.trim().split(/\s+/).join(" ") !== "0 0 4294967295") return "container";
  return /^flags\s*:.*\bhypervisor\b/m.test((await textIn(roots.proc, "cpuinfo")) ?? "")
    ? "virtual-machine"
    : "physical";
}
