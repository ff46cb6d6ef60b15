/** Image config: what the configuration of an image of OCI says of the image itself (OCI image specification). What it runs, umoci reads. */
import * as z from "zod";
import { badRequest } from "../../../../sdk/api/errors";

export interface ImageConfig {
  /** In Go's words, the variant of arm with it. */
  readonly architecture: string;
  /** Since 1970. */
  readonly createdSeconds: number;
  /** Absolute paths inside: its volumes and its working folder. */
  readonly folders: readonly string[];
}

const mostVolumes = 256;
const longestPath = 4095;
const longestName = 255;

const Config = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().nullish(),
  created: z.string().nullish(),
  config: z
    .looseObject({
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      WorkingDir: z.string().nullish(),
    })
    .nullish(),
});

/** @param name for messages @throws ApiError BAD_REQUEST for one that is not of Linux, or none at all */
export function parseImage(text: string, name: string): ImageConfig {
  const result = Config.safeParse(parsed(text));
  if (!result.success)
    throw badRequest(
      `Cannot use the image "${name}": its configuration is not one of OCI. Ask whoever made the image.`,
    );
  const { architecture, os, variant, created, config } = result.data;
  if (os !== "linux")
    throw badRequest(
      `Cannot use the image "${name}": it is for ${JSON.stringify(os.slice(0, 50))}, not for linux. Choose another one.`,
    );
  const volumes = Object.keys(config?.Volumes ?? {});
  if (volumes.length > mostVolumes)
    throw badRequest(
      `Cannot use the image "${name}": it declares ${volumes.length} volumes, and ${mostVolumes} are allowed. Ask whoever made the image.`,
    );
  const seconds = Math.floor(Date.parse(created ?? "") / 1000);
  return {
    architecture: architecture === "arm" ? `armv${variant?.replace(/^v/, "") ?? "7"}l` : architecture,
    createdSeconds: Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0,
    folders: [...volumes, config?.WorkingDir ?? ""].filter(isFolder),
  };
}

const isFolder = (inner: string): boolean =>
  inner.startsWith("/") &&
  !inner.includes("\0") &&
  Buffer.byteLength(inner) <= longestPath &&
  inner.split("/").every((part) => Buffer.byteLength(part) <= longestName);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
