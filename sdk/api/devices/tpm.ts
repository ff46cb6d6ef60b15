/** Device tpm: a TPM of the container's own, which the program swtpm emulates. */
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";
import { innerNode } from "./unix";

const since = "0.1.0";

const options = {
  path: {
    type: innerNode,
    required: true,
    applies: "now",
    since,
    extension: "tpm_device_type",
    example: "/dev/tpm0",
    doc: "Where the TPM is in the container.",
  },
  pathrm: {
    type: innerNode,
    required: true,
    applies: "now",
    since,
    extension: "tpm_device_type",
    example: "/dev/tpmrm0",
    doc: "Where it is once more, by way of the kernel's resource manager: programs share it there.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a TPM. */
export const tpmOptions = readerOf(options);

const rules = ({ path, pathrm }: Device): OptionIssue[] =>
  path && path === pathrm ? [{ option: "pathrm", message: `"path" and "pathrm" are two nodes: use two paths` }] : [];

export const tpm: DeviceType = {
  doc: "A TPM 2.0 of the container's own, emulated by the program `swtpm`. What it keeps outlives the container's end and goes with the instance.",
  options,
  rules,
  volatile: { kept: ["tpm"] },
};
