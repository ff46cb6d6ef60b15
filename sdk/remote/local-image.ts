/** Local image: "oci:/path/layout:tag" and "oci-archive:/path/image.tar" name images of OCI among this machine's own files, which are sent to the daemon. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import * as z from "zod";
import { badRequest } from "../api/errors";
import type { CallOptions } from "../client/call-options";
import type { Client } from "../client/client";

export interface LocalImage {
  /** A folder with index.json, or a tarball of one. */
  readonly form: "layout" | "archive";
  /** Absolute. */
  readonly path: string;
  /** Which image of a layout; the only one when absent. */
  readonly tag?: string;
}

/**
 * Reads what people write.
 * @returns nothing for what names no file of this machine
 * @throws ApiError BAD_REQUEST for a path that is none
 */
export function parseLocalImage(text: string): LocalImage | undefined {
  const [, form, rest = ""] = /^(oci|oci-archive):(.*)$/s.exec(text) ?? [];
  if (form === undefined) return undefined;
  const [, folder = "", tag] = /^(.*?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/s.exec(rest) ?? [];
  const file = form === "oci" ? folder : rest;
  if (!path.isAbsolute(file))
    throw badRequest(`Image "${text}" cannot be found: it needs an absolute path, such as ${form}:/srv/images/app.`);
  return form === "oci"
    ? { form: "layout", path: file, ...(tag === undefined ? {} : { tag }) }
    : { form: "archive", path: file };
}

/**
 * Sends an image to the daemon, which may have it already.
 * @returns its fingerprint there
 * @throws ApiError BAD_REQUEST for what is no layout, or has not that image
 */
export async function sendLocalImage(client: Client, image: LocalImage, options: CallOptions = {}): Promise<string> {
  const named = {
    ...options,
    filename: `${path.basename(image.path)}${image.tag === undefined ? "" : `:${image.tag}`}`,
  };
  const operation =
    image.form === "archive"
      ? await client.createImageFromFile(requireFile(image.path), named)
      : await sendLayout(client, image, named);
  const { metadata } = await operation.wait(options);
  return z.object({ fingerprint: z.string() }).parse(metadata).fingerprint;
}

/** @throws ApiError BAD_REQUEST for what is no file, or may not be read */
function requireFile(file: string): string {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isFile()) return file;
  } catch (error) {
    throw unreadable(file, (error as Error).message);
  }
  throw unreadable(file, "it is no file");
}

const unreadable = (file: string, cause: string) => badRequest(`Cannot read "${file}": ${cause}. Correct the path.`);

async function sendLayout(client: Client, image: LocalImage, options: CallOptions & { readonly filename: string }) {
  const { index, blobs } = chosen(image);
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-layout-"));
  let tar: ChildProcess | undefined;
  try {
    writeFileSync(path.join(folder, "index.json"), index);
    const files = ["oci-layout", ...blobs.map((digest) => `blobs/sha256/${digest}`)];
    // Blobs may be links to where they are built.
    const words = ["--create", "--dereference", "--format=pax", "--owner=0", "--group=0", "--numeric-owner"];
    const all = [...words, `--directory=${folder}`, "index.json", `--directory=${image.path}`, ...files];
    const body = new PassThrough();
    tar = spawn("tar", all, { stdio: ["ignore", "pipe", "ignore"] });
    tar.on("error", (error) => body.destroy(error));
    tar.stdout?.pipe(body, { end: false });
    tar.on("close", (code) => {
      if (code === 0) body.end();
      else body.destroy(badRequest(`Cannot read the layout "${image.path}": a file of it is missing. Make it anew.`));
    });
    return await client.createImageFromFile(body, options);
  } finally {
    // A refusal may come before it is read.
    tar?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const Descriptor = z.looseObject({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, { message: "is no SHA-256" }),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const Index = z.looseObject({ manifests: z.array(Descriptor).max(1000) });
const Manifest = z.looseObject({
  manifests: z.array(Descriptor).optional(),
  config: Descriptor.optional(),
  layers: z.array(Descriptor).optional(),
});

const tagKey = "org.opencontainers.image.ref.name";
const mostBytes = 4 * 1024 * 1024;
const mostBlobs = 10_000;

/** The part of a layout that one image is: an index that names it alone, and the digests of what it is made of. */
function chosen({ path: folder, tag }: LocalImage): { index: string; blobs: string[] } {
  const refuse = (cause: string) => badRequest(`Cannot use the layout "${folder}": ${cause}.`);
  const read = <T extends z.ZodType>(type: T, name: string): z.output<T> => {
    const result = type.safeParse(parsed(textOf(path.join(folder, name), mostBytes)));
    if (result.success) return result.data;
    throw refuse(`its ${name} is not one of OCI. Make it anew`);
  };
  const { manifests, ...rest } = read(Index, "index.json");
  const wanted = tag === undefined ? manifests : manifests.filter(({ annotations }) => annotations?.[tagKey] === tag);
  const [image, ...others] = wanted;
  const tags = manifests.flatMap(({ annotations }) => annotations?.[tagKey] ?? []).join(", ");
  if (image === undefined) throw refuse(`it has no image of the tag "${tag ?? ""}". It has: ${tags}`);
  if (others.length > 0) throw refuse(`it has several images. Name one of them by its tag: ${tags}`);
  const blobs = new Set<string>();
  const walk = (digest: string, isManifest: boolean) => {
    const name = digest.replace("sha256:", "");
    if (blobs.has(name)) return;
    blobs.add(name);
    if (blobs.size > mostBlobs) throw refuse("it has too many parts");
    if (!isManifest) return;
    const { manifests: parts = [], config, layers = [] } = read(Manifest, `blobs/sha256/${name}`);
    // Those for other machines may have been left out.
    for (const part of parts)
      if (existsSync(path.join(folder, "blobs", part.digest.replace(":", "/")))) walk(part.digest, true);
    for (const part of [...(config === undefined ? [] : [config]), ...layers]) walk(part.digest, false);
  };
  walk(image.digest, true);
  return { index: JSON.stringify({ ...rest, manifests: [image] }), blobs: [...blobs] };
}

function textOf(file: string, most: number): string {
  try {
    if (statSync(file).size <= most) return readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, (error as Error).message);
  }
  throw unreadable(file, `it is longer than ${most} bytes`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
