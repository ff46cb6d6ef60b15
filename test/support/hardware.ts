/**
 * Hardware: a host with cards and USB devices that this machine lacks, as folders of files like those of /sys and /dev. Device nodes are links to harmless
 * ones of this machine, or made anew.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export class Hardware implements Disposable {
  readonly root = mkdtempSync(path.join(tmpdir(), "bothy-hardware-"));

  at(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  /** Where the readers of hardware look. */
  get roots() {
    return { sys: this.at("sys"), dev: this.at("dev"), proc: this.at("proc"), share: this.at("share") };
  }

  folder(...parts: string[]): string {
    const folder = this.at(...parts);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  files(folder: string, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.folder(folder), name), `${text}\n`);
  }

  link(target: string, ...parts: string[]): void {
    const file = this.at(...parts);
    mkdirSync(path.dirname(file), { recursive: true });
    // Of the whole path, so that it leads there from wherever a folder of it is mounted.
    symlinkSync(path.isAbsolute(target) ? target : this.at(target), file);
  }

  /** A card of the PCI bus, with nodes of DRM. @param nodes by name, each with its numbers @param ids vendor and product */
  card(address: string, ids: readonly [string, string], nodes: Readonly<Record<string, string>>): void {
    const device = `sys/devices/pci0000:00/${address}`;
    this.files(device, { vendor: `0x${ids[0]}`, device: `0x${ids[1]}`, class: "0x030000" });
    this.link(device, "sys/bus/pci/devices", address);
    for (const [name, numbers] of Object.entries(nodes)) {
      this.files(`${device}/drm/${name}`, { dev: numbers });
      this.link(device, device, "drm", name, "device");
      this.link(`${device}/drm/${name}`, "sys/class/drm", name);
    }
  }

  /** A USB device with the node of USB itself. @param name on its bus, such as "1-2" @returns its folder */
  usb(
    name: string,
    ids: readonly [string, string],
    address: readonly [bus: string, device: string],
    dev: string,
  ): string {
    const device = `sys/devices/pci0000:00/usb${address[0]}/${name}`;
    this.files(device, { idVendor: ids[0], idProduct: ids[1], busnum: address[0], devnum: address[1], dev });
    this.link(device, "sys/bus/usb/devices", name);
    // Interfaces lie beside the devices.
    this.files(`${device}/${name}:1.0`, { bInterfaceNumber: "00" });
    this.link(`${device}/${name}:1.0`, "sys/bus/usb/devices", `${name}:1.0`);
    return device;
  }

  unplug(name: string): void {
    rmSync(this.at("sys/bus/usb/devices", name));
    rmSync(this.at("sys/bus/usb/devices", `${name}:1.0`));
  }

  /** What a driver makes of a device. @param folder of the device @param dev its numbers */
  driverNode(folder: string, subsystem: string, name: string, kind: "char" | "block", dev: string): void {
    const at = `${folder}/driver-node/${name.replaceAll("/", "!")}`;
    this.files(at, { dev, uevent: `MAJOR=1\nDEVNAME=${name}` });
    this.folder("sys/class", subsystem);
    this.link(`sys/class/${subsystem}`, at, "subsystem");
    this.link(at, "sys/dev", kind, dev);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
