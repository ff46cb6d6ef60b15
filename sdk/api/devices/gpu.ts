/** Device gpu: graphics cards of the host, by which programs in the container draw and compute. */
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { oneLine, text } from "../config/values";
import { hardwareId, nodeOptions } from "./node";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";

/** Why some of LXD's types of cards cannot be had; the first word is LXD's own answer to them for containers. */
const refused: Readonly<Record<string, string>> = {
  mdev: `Unsupported device type: virtual cards (mdev) are for virtual machines. Leave "gputype" out to have the whole card`,
  sriov: `Unsupported device type: virtual functions of a card (sriov) are for virtual machines. Leave "gputype" out to have the whole card`,
  mig: `nvidia.runtime must be set to true for MIG GPUs to work, and that key is not here yet. Leave "gputype" out to have the whole card`,
};

const kindOfCard = text("physical", (value) =>
  value === "physical"
    ? undefined
    : Object.hasOwn(refused, value)
      ? refused[value]
      : "it must be physical; LXD's others are mdev, mig and sriov",
);

const pciAddress = text("PCI address", (value) =>
  /^([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i.test(value)
    ? undefined
    : "Invalid PCI address: it must be one such as 0000:01:00.0; lspci tells them",
);

const since = "0.1.0";

const options = {
  gputype: {
    type: kindOfCard,
    default: "physical",
    applies: "now",
    since,
    example: "physical",
    doc: "What of a card the container gets. `physical`: the card itself, which the host and other containers can use as well. LXD's `mdev` and `sriov` are for virtual machines, and `mig` is not here yet.",
  },
  vendorid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "gpu_devices",
    example: "10de",
    doc: "Number of the vendor of the cards.",
  },
  productid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "gpu_devices",
    example: "1eb8",
    doc: "Number of the product that the cards are.",
  },
  id: {
    type: oneLine,
    unset: "any",
    applies: "now",
    since,
    extension: "gpu_devices",
    example: "0",
    doc: "Number of the card on the host: that of /dev/dri/card0 is `0`. Not together with `pci`, `vendorid` and `productid`.",
  },
  pci: {
    type: pciAddress,
    unset: "any",
    applies: "now",
    since,
    extension: "gpu_devices",
    example: "0000:01:00.0",
    doc: "PCI address of the card. Not together with `id`, `vendorid` and `productid`.",
  },
  ...nodeOptions,
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a graphics card. */
export const gpuOptions = readerOf(options);

/** Each of the two names one card, and nothing else is needed. The messages are LXD's. */
function rules(device: Device): OptionIssue[] {
  const only = (["pci", "id"] as const).find((option) => device[option]);
  if (only === undefined) return [];
  return ["id", "pci", "productid", "vendorid"]
    .filter((option) => option !== only && device[option])
    .map((option) => ({ option, message: `Cannot use "${option}" when "${only}" is set` }));
}

export const gpu: DeviceType = {
  doc: "Graphics cards of the host that the container can use: all of them, or those that the options name. It gets their nodes in /dev/dri, and those of NVIDIA's driver.",
  options,
  rules,
  volatile: { kept: ["nodes"] },
};
