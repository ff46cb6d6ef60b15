/** Found: what a server elsewhere has in answer to an alias or a fingerprint, and where its bytes lie. */
import type { ImageSource } from "../../../../sdk/api/image";

/** Where an image is to come from, as a client asks for it. */
export interface RemoteSource {
  readonly server: string;
  readonly protocol: Protocol;
  /** PEM that the server must have; empty for what this system trusts. */
  readonly certificate: string;
  /** Opens one image to somebody whom the server does not know. */
  readonly secret: string;
  /** Alias, or fingerprint or its beginning. */
  readonly name: string;
  /** Project on the other server. */
  readonly project: string;
}

export type Protocol = "lxd" | "simplestreams" | "direct" | "oci";

/** What a server says of an image beside its bytes; that counts in place of what the image itself says. */
export interface ToldOfImage {
  readonly filename: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly createdAt?: string;
  readonly expiresAt?: string;
}

export interface FoundFile {
  /** As LXD calls it in its progress; a whole image has no name. */
  readonly part?: "metadata" | "rootfs";
  readonly url: string;
  /** What the server says of it; the file must be so. */
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

export interface FoundImage {
  /** Whole. */
  readonly fingerprint: string;
  /** Whether it was found by an alias, which may mean another image tomorrow. */
  readonly byAlias: boolean;
  /** One file, or metadata and root in this order. */
  readonly files: readonly [FoundFile] | readonly [FoundFile, FoundFile];
  /** The one file may come as a form of metadata and root, as LXD exports it. */
  readonly mayBeForm: boolean;
  readonly told?: ToldOfImage;
}

/** What an image keeps of where it came from. */
export const keptSource = ({ server, protocol, certificate, name }: RemoteSource): ImageSource => ({
  alias: name,
  certificate,
  protocol,
  server,
  image_type: "container",
});

export const isFingerprint = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
