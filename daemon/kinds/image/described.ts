/** Described: what a new image says of itself, by its metadata, by the server that it came from and by who brings it. */
import { epoch, never } from "../../../sdk/api/common";
import type { ImagePut, ImageSource } from "../../../sdk/api/image";
import { withoutEmpty } from "../../core/merge";
import { requireArchitecture } from "../../platform/host/architecture";
import { nowText, timeText } from "../../platform/time";
import type { ImageMetadata } from "./archive/metadata";
import type { ToldOfImage } from "./remote/found";

/** What an import may say beside the bytes. */
export interface ImportOptions extends Partial<ImagePut> {
  readonly filename?: string;
  /** What the sender says the fingerprint is. */
  readonly expectedFingerprint?: string | undefined;
  readonly aliases?: readonly { readonly name: string; readonly description: string }[];
  /** Digest of the template that the image was built from, or of the manifests of OCI that it was made of. */
  readonly builtFrom?: string;
  /** What another server says of the image, which counts in place of what the image says of itself. */
  readonly told?: ToldOfImage | undefined;
  readonly source?: ImageSource | undefined;
  readonly cached?: boolean;
  /** Ends the check. */
  readonly signal?: AbortSignal;
}

const expiryOf = ({ expiry_date: seconds }: ImageMetadata): string =>
  seconds === 0 ? epoch : timeText(seconds * 1000);

/** The part of a row that does not follow from the files. */
export const describedBy = (metadata: ImageMetadata, { told, ...options }: ImportOptions) => ({
  filename: options.filename ?? told?.filename ?? "",
  architecture: requireArchitecture(metadata.architecture),
  public: options.public ?? false,
  autoUpdate: options.auto_update ?? false,
  properties: withoutEmpty({ ...(told?.properties ?? metadata.properties), ...options.properties }),
  profiles: options.profiles,
  createdAt: told?.createdAt ?? timeText(metadata.creation_date * 1000),
  expiresAt: options.expires_at ?? told?.expiresAt ?? expiryOf(metadata),
  lastUsedAt: never,
  uploadedAt: nowText(),
  metadata,
  cached: options.cached ?? false,
  source: options.source,
});
