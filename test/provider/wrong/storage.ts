/** Wrong inputs of pools, volumes, buckets, images, and what is made of containers. */
import type { WrongInput } from "./wrong-input";

export const wrongStorage: readonly WrongInput[] = [
  { kind: "storage-pool", inputs: { name: "p" }, failures: { driver: /is required/ } },
  { kind: "storage-pool", inputs: { name: "p", driver: "floppy" }, failures: { driver: /must be one of/ } },
  {
    kind: "storage-pool",
    inputs: { name: "p", driver: "dir", config: { size: "1GiB" } },
    failures: { "config.size": /Unknown configuration key/ },
  },
  {
    kind: "backup",
    inputs: { volume: "v", name: "a/b", expiresAt: "soon", file: "here.tar", snapshots: "no" },
    failures: {
      pool: /is required beside "volume"/,
      name: /slashes/,
      expiresAt: /must be a time/,
      file: /must be an absolute path/,
      snapshots: /must be true or false/,
    },
  },
  { kind: "backup", inputs: { name: "a" }, failures: { instance: /is required, unless "volume"/ } },
  { kind: "storage-pool", inputs: { name: "p", driver: "btfrs" }, failures: { driver: /Did you mean "btrfs"/ } },
  { kind: "storage-pool", inputs: { name: "p", driver: "ceph" }, failures: { driver: /LXD's "ceph" is not here yet/ } },
  {
    kind: "exec",
    inputs: {
      instance: "a/b",
      create: "true",
      update: [],
      cwd: "tmp",
      user: -1,
      timeoutSeconds: 0,
      exitCodes: [256],
      environment: { A: {} },
      shell: true,
    },
    failures: {
      instance: /Invalid instance/,
      create: /must be a list/,
      update: /must name a command/,
      cwd: /must be an absolute path/,
      user: /must be 0 or more/,
      timeoutSeconds: /must be more than 0/,
      "exitCodes[0]": /must be at most 255/,
      "environment.A": /must be text/,
      shell: /is not a property here/,
    },
  },
  {
    kind: "file",
    inputs: { instance: "web", path: "srv/a", mode: "rw", uid: -1, source: { path: "a" } },
    failures: {
      path: /absolute path/,
      mode: /octal/,
      uid: /must be 0 or more/,
      source: /must be an asset, an archive/,
    },
  },
  { kind: "file", inputs: { instance: "web", path: "/srv/a" }, failures: { content: /is required, unless/ } },
  {
    kind: "file",
    inputs: { instance: "web", path: "/srv/a", content: "x", contentBase64: "no base64!" },
    failures: { contentBase64: /must be base64|cannot be combined/ },
  },
  {
    kind: "file",
    inputs: { instance: "web", path: "/srv/a", source: "nosuch.txt" },
    failures: { source: /cannot be read: ENOENT.*Relative paths begin at/ },
  },
  { kind: "snapshot", inputs: { name: "s" }, failures: { instance: /is required/ } },
  { kind: "storage-volume", inputs: { name: "v" }, failures: { pool: /is required/ } },
  {
    kind: "storage-volume",
    inputs: { name: "v/w", pool: "p", contentType: "files" },
    failures: { name: /slashes/, contentType: /must be one of filesystem, block/ },
  },
  {
    kind: "storage-volume",
    inputs: { name: "v", pool: "p", contentType: "block", config: { "security.shifted": "true", size: "much" } },
    failures: { 'config["security.shifted"]': /Unknown|key/, "config.size": /size/ },
  },
  {
    kind: "snapshot",
    inputs: { name: "s", instance: "web", expiresAt: "soon" },
    failures: { expiresAt: /must be a time/ },
  },
  { kind: "image", inputs: {}, failures: { sourceFile: /is required, unless "template"/ } },
  { kind: "image", inputs: { sourceFile: "missing.tar" }, failures: { sourceFile: /cannot be read: ENOENT/ } },
  { kind: "image", inputs: { template: "busybox", aliases: ["ok", "not/../ok"] }, failures: { "aliases[1]": /parts/ } },
  { kind: "storage-bucket", inputs: { name: "data" }, failures: { pool: /is required/ } },
  { kind: "storage-bucket", inputs: { pool: "s3", name: "D" }, failures: { name: /./ } },
  {
    kind: "storage-bucket-key",
    inputs: { pool: "s3", name: "k", role: "owner" },
    failures: { bucket: /is required/, role: /must be one of read-only, admin/ },
  },
];
