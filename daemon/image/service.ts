/** Images: import, look up, unpack, build from templates. */
import type { RunningOperation } from "../operations";

export interface ImageRecord {
  readonly fingerprint: string;
  readonly architecture: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly profiles: readonly string[] | undefined;
}

export interface UnpackOptions {
  /** Whether device nodes are made; else each is skipped with one warning. */
  readonly deviceNodes: boolean;
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface ImageService {
  /** @param ref alias, fingerprint or unique prefix @throws ApiError NOT_FOUND "Image not found" */
  resolve(ref: { alias?: string; fingerprint?: string; properties?: Record<string, string> }): ImageRecord;
  /** Makes sure that the template ("busybox", "debian/12") is built as an image, once for all who ask at the same time. */
  fromTemplate(name: string, operation: RunningOperation): Promise<ImageRecord>;
  /** Unpacks the root file system into an empty folder. */
  unpack(fingerprint: string, rootPath: string, options: UnpackOptions): Promise<void>;
  touch(fingerprint: string): void;
}
