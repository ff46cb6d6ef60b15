/** Manifest: what a registry or a layout says of an image, as far as it takes to choose one and to bound it (OCI image specification). */
import { createHash } from "node:crypto";
import * as z from "zod";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { findArchitecture } from "../../../platform/host/architecture";

export interface Blob {
  /** 64 hexadecimal digits. */
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface Manifest {
  readonly digest: string;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

/** What a list offers for one platform. */
export interface Choice {
  readonly digest: string;
  /** As the list writes it. */
  readonly architecture: string;
  readonly variant: string | undefined;
}

const mostLayers = 500;

const Descriptor = z.looseObject({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, { message: "must be a SHA-256" }),
  size: z.int().min(0),
});

const Manifest = z.looseObject({
  config: Descriptor,
  layers: z.array(Descriptor.extend({ urls: z.array(z.string()).nullish() })).max(mostLayers),
});

const List = z.looseObject({
  manifests: z
    .array(
      Descriptor.extend({
        platform: z
          .looseObject({ architecture: z.string(), os: z.string(), variant: z.string().optional() })
          .optional(),
      }),
    )
    .max(1000),
});

const hexOf = (digest: string): string => digest.replace("sha256:", "");

/** The digest of a manifest's bytes. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const bad = (name: string, cause: string) =>
  badRequest(`Cannot fetch the image "${name}": its manifest ${cause}. Ask whoever made the image.`);

/**
 * @param name for messages @param isIndex of a layout: then what it lists need not say a platform
 * @returns the one manifest, or what a list has in its place
 * @throws ApiError BAD_REQUEST for what is neither
 */
export function parseManifest(
  text: string,
  name: string,
  isIndex = false,
): Manifest | { readonly choices: readonly Choice[] } {
  const json = parsed(text, name);
  const list = List.safeParse(json);
  if (list.success)
    return {
      choices: list.data.manifests.flatMap(({ digest, platform }) =>
        platform?.os === "linux" || isIndex
          ? [{ digest: hexOf(digest), architecture: platform?.architecture ?? "", variant: platform?.variant }]
          : [],
      ),
    };
  const one = Manifest.safeParse(json);
  if (!one.success) {
    const [issue] = one.error.issues;
    throw bad(name, `is not one of OCI: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`);
  }
  const { config, layers } = one.data;
  if (layers.some(({ urls }) => urls != null && urls.length > 0)) throw bad(name, "has layers that lie elsewhere");
  const blob = ({ digest, size }: z.output<typeof Descriptor>): Blob => ({ digest: hexOf(digest), sizeBytes: size });
  return { digest: digestOf(text), config: blob(config), layers: layers.map(blob) };
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(name, "is no JSON");
  }
}

/** The first for an architecture in LXD's words. @throws ApiError NOT_FOUND that names those there are */
export function chooseFor(architecture: string, choices: readonly Choice[], name: string): Choice {
  const lxdName = (choice: Choice) =>
    findArchitecture(
      choice.architecture === "arm" ? `armv${choice.variant?.replace(/^v/, "") ?? 7}l` : choice.architecture,
    );
  const found = choices.find((choice) => lxdName(choice) === architecture);
  if (found !== undefined) return found;
  const there = [...new Set(choices.map((choice) => lxdName(choice) ?? choice.architecture))].join(", ");
  throw notFound(
    `The image "${name}" is not there for the architecture ${architecture}${there === "" ? "" : `; there is one for ${there}`}. Choose another one.`,
  );
}
