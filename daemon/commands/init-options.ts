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

type Flags = typeof initFlags;

type OfType<T> = { [Name in keyof Flags]: Flags[Name]["type"] extends T ? Name : never }[keyof Flags];

/** What `parseArgs` makes of them. */
export type InitOptions = Readonly<Record<OfType<"boolean">, boolean>> & {
  readonly [Name in OfType<"string">]?: string | undefined;
};
