/** Tables: every table of configuration keys there is. A kind with keys of its own is named here, and nowhere else. */
import { instanceKeys, volatileKeys } from "./instance";
import { networkKeys } from "./network";
import { networkAclKeys } from "./network-acl";
import { networkAddressSetKeys } from "./network-address-set";
import { networkForwardKeys } from "./network-forward";
import { networkZoneKeys } from "./network-zone";
import { projectKeys } from "./project";
import { serverKeys } from "./server";
import { storagePoolKeys } from "./storage-pool";
import { blockVolumeKeys, filesystemVolumeKeys } from "./storage-volume";
import type { KeyTable } from "./table";

export interface ConfigTable {
  /** What has the keys, as a heading of docs/config.md. */
  readonly title: string;
  /** What that page says of them all. */
  readonly intro: string;
  /** By driver where not all have the same keys, else one table. */
  readonly tables: Readonly<Record<string, KeyTable>>;
}

export const configTables: readonly ConfigTable[] = [
  {
    title: "Instances and profiles",
    intro:
      "An instance has the configuration of its profiles, the later ones over the earlier ones, and its own over all of them.",
    tables: { all: instanceKeys },
  },
  {
    title: "Instances: kept by the daemon",
    intro:
      "Clients read these keys and send them back. What they change in them is not taken, but for hardware addresses and properties of the image.",
    tables: { all: volatileKeys },
  },
  { title: "Networks", intro: "Keys of networks; of bridges, where no type is named.", tables: { all: networkKeys } },
  { title: "Network ACLs", intro: "Keys of network ACLs.", tables: { all: networkAclKeys } },
  { title: "Network address sets", intro: "Keys of network address sets.", tables: { all: networkAddressSetKeys } },
  { title: "Network forwards", intro: "Keys of forwards of a network.", tables: { all: networkForwardKeys } },
  {
    title: "Network zones",
    intro: "Keys of network zones. Their records have `user.*`.",
    tables: { all: networkZoneKeys },
  },
  {
    title: "Storage pools",
    intro: "Keys of storage pools, of every driver unless drivers are named.",
    tables: storagePoolKeys,
  },
  {
    title: "Storage volumes",
    intro: "Keys of custom storage volumes, of either content unless it is named.",
    tables: { filesystem: filesystemVolumeKeys, block: blockVolumeKeys },
  },
  {
    title: "Projects",
    intro: "Keys of projects. A limit or a restriction that what is in the project does not fit is refused.",
    tables: { all: projectKeys },
  },
  { title: "Server", intro: "Keys of the server itself, as `PUT /1.0` takes them.", tables: { all: serverKeys } },
];
