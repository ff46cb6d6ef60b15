/** Configuration keys of the server; every key here has an effect. */
import type { KeyRow } from "./table";
import { anyText, integer, size } from "./values";

/** Images may be hostile: what one may hold and cost (docs/lxd-api.md, Images). */
const imageLimits: readonly KeyRow[] = [
  {
    key: "images.limits.depth",
    type: integer(1, 2047),
    live: true,
    doc: "How many folders deep a path of an image may lie; 200 when unset.",
  },
  {
    key: "images.limits.entries",
    type: integer(1, 100_000_000),
    live: true,
    doc: "How many files and folders an image may hold; 2000000 when unset.",
  },
  {
    key: "images.limits.names",
    type: size,
    live: true,
    doc: "How many bytes the names in an image may have together; 256MiB when unset.",
  },
  {
    key: "images.limits.ratio",
    type: integer(1, 1_000_000),
    live: true,
    doc: "To how many times its own size an image may unpack, beyond the first 256 MiB; 100 when unset.",
  },
  {
    key: "images.limits.size",
    type: size,
    live: true,
    doc: "To how many bytes an image may unpack; 64GiB when unset.",
  },
  {
    key: "images.limits.time",
    type: integer(1, 1_000_000),
    live: true,
    doc: "Seconds that the check of an image, or its unpacking, may take; 3600 when unset.",
  },
];

export const serverKeys: readonly KeyRow[] = [
  ...imageLimits,
  { key: "user.", type: anyText, live: true, doc: "Free for the user." },
];
