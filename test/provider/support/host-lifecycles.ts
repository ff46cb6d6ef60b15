/** What the kinds of one host go through: profiles, projects, pools, volumes, images, containers and what lies in them. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Client } from "../../../sdk";
import { tinyImage } from "./image";
import { found, type Lifecycle, lastOf } from "./lifecycle";

/** What they stand on. */
export interface Ground {
  /** Folder for files. */
  readonly folder: string;
  /** An image whose containers ask for an address. */
  readonly image: string;
  readonly pool: string;
  /** Devices that containers need beside those of the profile "default". */
  readonly devices?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const done = async (operation: Promise<{ wait(): Promise<unknown> }>) => {
  await (await operation).wait();
};

/** Makes a container that others lie in. @returns what takes it away */
const containerOf =
  ({ image, devices = {} }: Ground) =>
  (name: string) =>
  async (client: Client): Promise<() => Promise<void>> => {
    await done(client.createInstance({ name, source: { type: "image", alias: image }, devices }));
    return () => done(client.deleteInstance(name));
  };

export function hostLifecycles(ground: Ground): Lifecycle[] {
  const { folder, image, pool, devices = {} } = ground;
  const standingOn = containerOf(ground);
  return [
    {
      kind: "profile",
      inputs: () => ({ name: "small", config: { "limits.memory": "64MiB" }, devices: { gone: { type: "none" } } }),
      update: { config: { "limits.memory": "128MiB", "user.note": "x" } },
      replace: () => ({ name: "smaller" }),
      replacing: ["name"],
      drift: (client, id) => client.patchProfile(id, { config: { "limits.memory": "1GiB", "user.by": "hand" } }),
      remove: (client, id) => client.deleteProfile(id),
      isThere: (client, id) => found(client.getProfile(id)),
      output: "name",
      refused: { inputs: () => ({ name: "small" }), error: /Cannot create profile "small": name: .*already exists/i },
    },
    {
      kind: "project",
      inputs: () => ({ name: "lab", config: { "limits.instances": 4, "features.images": false } }),
      update: { description: "for trials", config: { "limits.instances": 8, "features.images": false } },
      replace: () => ({ name: "lab2" }),
      replacing: ["name"],
      drift: (client, id) => client.patchProject(id, { config: { "limits.instances": "2" } }),
      remove: (client, id) => client.deleteProject(id),
      isThere: (client, id) => found(client.getProject(id)),
      output: "name",
      refused: { inputs: () => ({ name: "lab" }), error: /Cannot create project "lab": name: .*already exists/i },
    },
    {
      kind: "storage-pool",
      inputs: () => ({ name: "pool1", driver: "dir", description: "one" }),
      update: { description: "two", config: { "user.note": "x" } },
      replace: () => ({ name: "pool2" }),
      replacing: ["name", "driver"],
      drift: (client, id) => client.patchStoragePool(id, { description: "by hand" }),
      remove: (client, id) => client.deleteStoragePool(id),
      isThere: (client, id) => found(client.getStoragePool(id)),
      output: "status",
      refused: {
        inputs: () => ({ name: "pool1", driver: "dir" }),
        error: /Cannot create storage pool "pool1": name: .*exists/i,
      },
    },
    {
      kind: "storage-volume",
      missingId: `${pool}/none`,
      inputs: () => ({ pool, name: "vol1", description: "one", config: { size: "1GiB" } }),
      update: { description: "two", config: { size: "2GiB", "user.note": "x" } },
      replace: () => ({ name: "vol2" }),
      replacing: ["pool", "name", "contentType"],
      drift: (client, id) => client.patchStorageVolume(pool, lastOf(id), { description: "by hand" }),
      remove: (client, id) => client.deleteStorageVolume(pool, lastOf(id)),
      isThere: (client, id) => found(client.getStorageVolume(pool, lastOf(id))),
      output: "createdAt",
      refused: {
        inputs: () => ({ pool: "nowhere", name: "vol1" }),
        error: /Cannot create storage volume "vol1": pool: .*not found/i,
      },
    },
    {
      kind: "image",
      prepare: async () => {
        for (const name of ["one", "two"])
          writeFileSync(path.join(folder, `${name}.tar`), await tinyImage({ description: name }));
      },
      inputs: () => ({ sourceFile: path.join(folder, "one.tar"), aliases: ["tiny"], properties: { note: "a" } }),
      update: { aliases: ["tiny", "tiny/1"], properties: { note: "b" }, public: true },
      replace: () => ({ sourceFile: path.join(folder, "two.tar") }),
      replacing: ["sourceFile"],
      drift: (client, id) => client.patchImage(id, { public: true, properties: { note: "by hand" } }),
      remove: (client, id) => done(client.deleteImage(id)),
      isThere: (client, id) => found(client.getImage(id)),
      output: "fingerprint",
      refused: {
        inputs: () => ({ sourceFile: path.join(folder, "one.tar") }),
        error: /sourceFile: .*same fingerprint already exists/,
      },
    },
    {
      kind: "container",
      inputs: () => ({
        name: "web",
        image,
        devices,
        config: { "user.note": "a" },
        files: { "/srv/www/index.html": { content: "hello" } },
      }),
      update: {
        config: { "limits.memory": "64MiB" },
        description: "changed",
        files: { "/srv/www/index.html": { content: "bye" } },
      },
      replace: () => ({ name: "web2" }),
      // The root disk is one of them.
      replacing: ["name", "image", ...(devices.root === undefined ? [] : ["devices"])],
      drift: (client, id) => done(client.setInstanceState(id, { action: "stop", force: true })),
      remove: async (client, id) => {
        await done(client.setInstanceState(id, { action: "stop", force: true }));
        await done(client.deleteInstance(id));
      },
      isThere: (client, id) => found(client.getInstance(id)),
      output: "ipv4Address",
      refused: {
        inputs: () => ({ name: "other", image: "no-such-image" }),
        error: /Cannot create container "other": image: .*(not found|not provided)/i,
      },
    },
    {
      kind: "device",
      missingId: "instance/owner/none",
      prepare: standingOn("owner"),
      inputs: () => ({ instance: "owner", name: "gone", type: "none" }),
      update: { type: "disk", properties: { source: "/srv", path: "/srv", readonly: true } },
      replace: () => ({ name: "other" }),
      replacing: ["instance", "name"],
      drift: (client) =>
        client.patchInstance("owner", { devices: { gone: { type: "disk", source: "/", path: "/x" } } }),
      remove: async (client, id) => {
        const { value, etag } = await client.getInstance("owner");
        const { [lastOf(id)]: _, ...devices } = value.devices;
        await done(client.updateInstance("owner", { ...value, profiles: value.profiles ?? [], devices }, { etag }));
      },
      isThere: async (client, id) => (await client.getInstance("owner")).value.devices[lastOf(id)] !== undefined,
      output: "type",
      refused: {
        inputs: () => ({ instance: "nobody", name: "gone", type: "none" }),
        error: /Cannot create device "gone": instance: .*not found/i,
      },
    },
    {
      kind: "backup",
      missingId: "instance/packed/none",
      prepare: standingOn("packed"),
      inputs: () => ({ instance: "packed", name: "nightly", compression: "none", snapshots: false }),
      update: { file: path.join(folder, "nightly.tar") },
      replace: () => ({ name: "weekly", expiresAt: "2040-01-31T12:00:00Z" }),
      replacing: ["instance", "name", "compression", "snapshots"],
      remove: (client, id) => done(client.deleteBackup("packed", lastOf(id))),
      isThere: (client, id) => found(client.getBackup("packed", lastOf(id))),
      output: "createdAt",
      refused: {
        inputs: () => ({ instance: "nobody", name: "b" }),
        error: /Cannot create backup "b": instance: .*not found/i,
      },
    },
    {
      kind: "file",
      missingId: "holder/none",
      prepare: standingOn("holder"),
      inputs: () => ({ instance: "holder", path: "/srv/deep/a", content: "one" }),
      update: { content: "two", mode: "0600", uid: 5 },
      replace: () => ({ path: "/srv/b" }),
      replacing: ["instance", "path"],
      drift: (client, id) => client.putFile("holder", id.replace("holder", ""), "by hand"),
      remove: (client, id) => client.deleteFile("holder", id.replace("holder", "")),
      isThere: (client, id) => found(client.getFileInfo("holder", id.replace("holder", ""))),
      output: "hash",
      refused: {
        inputs: () => ({ instance: "nobody", path: "/srv/a", content: "x" }),
        error: /Cannot write file "\/srv\/a" of container "nobody": .*not found/i,
      },
    },
    {
      kind: "snapshot",
      missingId: "base/none",
      prepare: standingOn("base"),
      inputs: () => ({ instance: "base", name: "before" }),
      update: { expiresAt: "2040-01-31T12:00:00Z" },
      replace: () => ({ name: "later" }),
      replacing: ["instance", "name"],
      drift: (client, id) => {
        const [instance = "", name = ""] = id.split("/");
        return done(client.updateSnapshot(instance, name, { expires_at: "2041-01-01T00:00:00Z" }));
      },
      remove: (client, id) => {
        const [instance = "", name = ""] = id.split("/");
        return done(client.deleteSnapshot(instance, name));
      },
      isThere: (client, id) => {
        const [instance = "", name = ""] = id.split("/");
        return found(client.getSnapshot(instance, name));
      },
      output: "createdAt",
      refused: {
        inputs: () => ({ instance: "nobody", name: "s" }),
        error: /Cannot create snapshot "s": instance: .*not found/i,
      },
    },
  ];
}
