/** Scene for the tests of images: the real service on a state folder of its own, and tarballs made entry by entry. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { type Header, pack } from "tar-stream";
import { receive } from "../../daemon/kinds/image/archive/upload";
import type { ImageHome } from "../../daemon/kinds/image/home";
import { Publisher } from "../../daemon/kinds/image/publish";
import { imageSchema } from "../../daemon/kinds/image/schema";
import { ImageService } from "../../daemon/kinds/image/service";
import type { RunningOperation } from "../../daemon/platform/operations";
import type { Config } from "../../sdk/api/common";
import { notFound } from "../../sdk/api/errors";
import { testPlatform } from "../support/platform";
import { hands } from "../support/storage";

export interface Scene {
  readonly home: ImageHome;
  readonly images: ImageService;
  readonly publisher: Publisher;
  /** Fingerprints whose volumes the pools were told to forget. */
  readonly forgotten: string[];
  /** The server's configuration. */
  readonly config: Config;
  /** A new empty folder to unpack into. */
  folder(): string;
  /** Imports bytes as a unified upload; gives the fingerprint. */
  importBytes(bytes: Buffer): Promise<string>;
  /** Everything in images/ and tmp/ of the state folder. */
  leftovers(): string[];
}

/** Runs the test on a fresh state folder and removes it afterwards. */
export async function withImages(test: (scene: Scene) => Promise<void>): Promise<void> {
  // As the daemon has it: images must not depend on it.
  process.umask(0o077);
  const root = mkdtempSync(path.join(tmpdir(), "bothy-image-test-"));
  const platform = testPlatform(path.join(root, "state"), [imageSchema], { removeTree: hands.removeTree });
  const { database, dirs, log } = platform;
  const forgotten: string[] = [];
  const config: Config = {};
  const home: ImageHome = {
    ...platform,
    server: { config: () => config },
    volumes: { forgetImage: async (fingerprint) => void forgotten.push(fingerprint) },
    profiles: {
      record: (_project, name) => {
        if (name !== "default") throw notFound("Profile not found");
        return { name };
      },
    },
    projects: {
      homeOf: (_feature, project) => project,
      require: () => undefined,
      config: () => ({}),
      allowImage: () => undefined,
    },
    publishables: {
      find: () => {
        throw notFound("Instance not found");
      },
    },
    isCrashLeftover: async () => true,
  };
  const images = new ImageService(home);
  const publisher = new Publisher(home, images);
  let folders = 0;
  try {
    await test({
      home,
      images,
      publisher,
      forgotten,
      config,
      folder: () => {
        folders += 1;
        return mkdtempSync(path.join(root, `unpacked-${folders}-`));
      },
      importBytes: async (bytes) => {
        await using upload = await receive(Readable.from([Buffer.from(bytes)]), {}, dirs.scratch, images.limits);
        return (await images.import("default", upload, {})).fingerprint;
      },
      leftovers: () => [...readdirSync(dirs.images), ...readdirSync(dirs.scratch)],
    });
  } finally {
    database.close();
    log.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs work as an operation and waits for its end. */
export async function asOperation(
  { operations }: ImageHome,
  run: (operation: RunningOperation) => Promise<unknown>,
): Promise<RunningOperation> {
  const operation = operations.start({ description: "Test", run, mayCancel: true });
  await operation.finished;
  return operation;
}

export type Entry = Partial<Header> & {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Type that the header gets after all, such as "x"; for what no library writes. */
  readonly flag?: string;
};

export const metadataEntry: Entry = {
  name: "metadata.yaml",
  content: "architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  os: test\n  release: 1\n",
};
export const rootEntry: Entry = { name: "rootfs/", type: "directory", mode: 0o755 };

/** A tarball of exactly these entries, hostile ones too. */
export async function tarball(entries: readonly Entry[]): Promise<Buffer> {
  return Buffer.concat([...(await Promise.all(entries.map(packed))), Buffer.alloc(1024)]);
}

async function packed({ content, flag, ...header }: Entry): Promise<Buffer> {
  const packer = pack();
  packer.entry({ mode: 0o644, ...header } as Header, content ?? "");
  packer.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packer) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks).subarray(0, -1024);
  if (flag !== undefined) {
    bytes.write(flag, 156);
    bytes.write("        ", 148);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  }
  return bytes;
}

/** A whole image: metadata, the root folder, and these entries. */
export const imageOf = (...entries: readonly Entry[]): Promise<Buffer> =>
  tarball([metadataEntry, rootEntry, ...entries]);
