/** Messages: what two servers tell each other on the control websocket of a migration (docs/lxd-api.md, Migration). Field numbers are LXD's. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { badRequest } from "../../../sdk/api/errors";
import { decode, encode, type Shape } from "./protobuf";

/** How the content of a volume goes over, of those that LXD knows; others are answered with this one, which all have. */
export const byRsync = 0;

/** The bytes of a disk as they are: the way of a volume that holds those. */
export const byBlock = 4;

/** Of the source: it runs, its state stays behind, and its root comes a second time. */
export const runsOn = 2;

const entry: Shape = { key: { number: 1, holds: "text" }, value: { number: 2, holds: "text" } };

const device: Shape = { name: { number: 1, holds: "text" }, config: { number: 2, holds: entry, isList: true } };

const snapshot: Shape = {
  name: { number: 1, holds: "text" },
  localConfig: { number: 2, holds: entry, isList: true },
  profiles: { number: 3, holds: "text", isList: true },
  ephemeral: { number: 4, holds: "bool" },
  localDevices: { number: 5, holds: device, isList: true },
  architecture: { number: 6, holds: "int" },
  stateful: { number: 7, holds: "bool" },
  creationDate: { number: 8, holds: "int" },
  lastUsedDate: { number: 9, holds: "int" },
  expiryDate: { number: 10, holds: "int" },
};

const ids: Shape = {
  isuid: { number: 1, holds: "bool" },
  isgid: { number: 2, holds: "bool" },
  hostid: { number: 3, holds: "int" },
  nsid: { number: 4, holds: "int" },
  maprange: { number: 5, holds: "int" },
};

const rsync: Shape = {
  xattrs: { number: 1, holds: "bool" },
  delete: { number: 2, holds: "bool" },
  compress: { number: 3, holds: "bool" },
  bidirectional: { number: 4, holds: "bool" },
};

const header: Shape = {
  fs: { number: 1, holds: "int" },
  criu: { number: 2, holds: "int" },
  idmap: { number: 3, holds: ids, isList: true },
  snapshotNames: { number: 4, holds: "text", isList: true },
  snapshots: { number: 5, holds: snapshot, isList: true },
  predump: { number: 7, holds: "bool" },
  rsyncFeatures: { number: 8, holds: rsync },
  refresh: { number: 9, holds: "bool" },
};

const control: Shape = { success: { number: 1, holds: "bool" }, message: { number: 2, holds: "text" } };

const Entries = z
  .array(z.object({ key: Text, value: Text.default("") }))
  .transform((entries): Record<string, string> => Object.fromEntries(entries.map(({ key, value }) => [key, value])));

/** Seconds since 1970; Go's zero time lies before that. */
const Seconds = z.number().optional();

const SnapshotMessage = z.object({
  name: Text,
  localConfig: Entries,
  profiles: z.array(Text),
  ephemeral: z.boolean().default(false),
  localDevices: z.array(z.object({ name: Text, config: Entries })),
  architecture: z.number().default(0),
  stateful: z.boolean().default(false),
  creationDate: Seconds,
  lastUsedDate: Seconds,
  expiryDate: Seconds,
});
export type SnapshotMessage = z.output<typeof SnapshotMessage>;

const Features = z.object({
  xattrs: z.boolean().default(false),
  delete: z.boolean().default(false),
  compress: z.boolean().default(false),
  bidirectional: z.boolean().default(false),
});
/** What rsync does on both sides alike. */
export type Features = z.output<typeof Features>;

const IdsMessage = z.object({
  isuid: z.boolean(),
  isgid: z.boolean(),
  hostid: z.number(),
  nsid: z.number(),
  maprange: z.number(),
});
export type IdsMessage = z.output<typeof IdsMessage>;

const Header = z.object({
  fs: z.number().default(byRsync),
  criu: z.number().optional(),
  idmap: z.array(IdsMessage),
  snapshotNames: z.array(Text),
  snapshots: z.array(SnapshotMessage),
  refresh: z.boolean().default(false),
  rsyncFeatures: Features.optional(),
});
/** What the source offers, and what the target takes of it. */
export type Header = z.output<typeof Header>;

const Verdict = z.object({ success: z.boolean().default(false), message: Text.default("") });
/** How it went, or that it failed. */
export type Verdict = z.output<typeof Verdict>;

const entriesOf = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

/** LXD wants all fields of a snapshot. */
export const encodeHeader = (value: Header): Buffer =>
  encode(header, {
    ...value,
    predump: false,
    snapshots: value.snapshots.map((one) => ({
      ...one,
      localConfig: entriesOf(one.localConfig),
      localDevices: one.localDevices.map(({ name, config }) => ({ name, config: entriesOf(config) })),
    })),
  });

/** @throws ApiError BAD_REQUEST */
export const decodeHeader = (data: Buffer): Header => parse(Header, header, data);

export const encodeVerdict = (value: Verdict): Buffer =>
  encode(control, { success: value.success, ...(value.message === "" ? {} : { message: value.message }) });

/** @throws ApiError BAD_REQUEST */
export const decodeVerdict = (data: Buffer): Verdict => parse(Verdict, control, data);

function parse<T extends z.ZodType>(type: T, shape: Shape, data: Buffer): z.output<T> {
  const result = type.safeParse(decode(shape, data));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badRequest(`Cannot take what the other server offers: ${issue?.path.join(".")}: ${issue?.message}.`);
}

const none: Features = { xattrs: false, delete: false, compress: false, bidirectional: false };

/** What both sides have. */
export function shared(own: Features, other: Features | undefined): Features {
  const theirs = other ?? none;
  return {
    xattrs: own.xattrs && theirs.xattrs,
    delete: own.delete && theirs.delete,
    compress: own.compress && theirs.compress,
    bidirectional: own.bidirectional && theirs.bidirectional,
  };
}

/** What rsync does at a source of which the target has answered so; LXD before 3.8 said nothing of it. */
export const agreed = (answer: Features | undefined): Features =>
  answer?.bidirectional ? answer : { xattrs: true, delete: true, compress: true, bidirectional: false };
