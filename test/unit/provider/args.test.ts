import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import type {
  ContainerArgs,
  ContainerFileArgs,
  ContainerWaitArgs,
  ContainerWaitConditionArgs,
  ImageArgs,
  NetworkArgs,
  ProfileArgs,
  SnapshotArgs,
  StoragePoolArgs,
  TimeoutsArgs,
} from "../../../provider";
import type { timeouts } from "../../../provider/core/engine/inputs";
import type { ContainerFile, ContainerInputs } from "../../../provider/core/kinds/container/inputs";
import type { Condition, Wait } from "../../../provider/core/kinds/container/wait/inputs";
import type { ImageInputs } from "../../../provider/core/kinds/image";
import type { NetworkInputs } from "../../../provider/core/kinds/network";
import type { ProfileInputs } from "../../../provider/core/kinds/profile";
import type { SnapshotInputs } from "../../../provider/core/kinds/snapshot";
import type { StoragePoolInputs } from "../../../provider/core/kinds/storage-pool";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type SameKeys<Args, Schema extends z.ZodType> = Same<keyof Args, keyof NonNullable<z.input<Schema>>>;

test("what a program may write is what check knows, kind by kind", () => {
  // Each line compiles only while the documented type and the schema have the same properties.
  const kinds: [
    SameKeys<ContainerArgs, typeof ContainerInputs>,
    SameKeys<ContainerFileArgs, typeof ContainerFile>,
    SameKeys<ContainerWaitArgs, typeof Wait>,
    SameKeys<ContainerWaitConditionArgs, typeof Condition>,
    SameKeys<ImageArgs, typeof ImageInputs>,
    SameKeys<NetworkArgs, typeof NetworkInputs>,
    SameKeys<ProfileArgs, typeof ProfileInputs>,
    SameKeys<SnapshotArgs, typeof SnapshotInputs>,
    SameKeys<StoragePoolArgs, typeof StoragePoolInputs>,
    SameKeys<TimeoutsArgs, typeof timeouts>,
  ] = [true, true, true, true, true, true, true, true, true, true];
  assert.ok(kinds.every(Boolean));
});
