/** Flags of init, as LXD has them. */
export const initFlags = {
  preseed: { type: "boolean", default: false },
  auto: { type: "boolean", default: false },
  dump: { type: "boolean", default: false },
  "network-address": { type: "string" },
  "network-port": { type: "string" },
  "storage-backend": { type: "string" },
  "storage-create-device": { type: "string" },
  "storage-create-loop": { type: "string" },
  "storage-pool": { type: "string" },
  "trust-password": { type: "string" },
} as const;

export interface InitOptions {
  readonly preseed: boolean;
  readonly auto: boolean;
  readonly dump: boolean;
  readonly "network-address"?: string | undefined;
  readonly "network-port"?: string | undefined;
  readonly "storage-backend"?: string | undefined;
  readonly "storage-create-device"?: string | undefined;
  readonly "storage-create-loop"?: string | undefined;
  readonly "storage-pool"?: string | undefined;
  readonly "trust-password"?: string | undefined;
}
