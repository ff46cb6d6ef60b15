/** Container inputs: what a program says of a container, and what it gets back. */
import * as z from "zod";
import { InstanceName, ProfileName, SnapshotName, Text } from "../../../../sdk/api/common";
import { instanceKeys } from "../../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../../sdk/api/config/lxd-words";
import { imageSource } from "../../../../sdk/remote/image-server";
import { parseLocalImage } from "../../../../sdk/remote/local-image";
import { checkConfigKeys, checkDeviceOptions, propertyPath } from "../../engine/check";
import type { CheckFailure } from "../../engine/core";
import { messageOf } from "../../engine/failure";
import { adopt, configInput, description, devices, endpoint, replacing, timeouts } from "../../engine/inputs";
import { isMap, type Props, unknownValue } from "../../engine/values";
import { shortInputs } from "./short-inputs";
import { Wait, waitRules } from "./wait/inputs";

export const Source = z
  .strictObject({
    instance: InstanceName.meta({ description: "Container to copy." }),
    snapshot: SnapshotName.optional().meta({
      description: "Snapshot of that container to copy in place of its present state.",
    }),
  })
  .meta({ id: "ContainerSource", description: "A container or a snapshot to copy." });

export const ContainerFile = z
  .strictObject({
    content: Text.meta({ description: "Content, as UTF-8 text." }),
    mode: z
      .string()
      .regex(/^0?[0-7]{3,4}$/, { message: 'must be an octal mode such as "0644"' })
      .default("0644")
      .meta({ description: "Permissions, octal." }),
    uid: z.int().min(0).default(0).meta({ description: "Owner, as the container sees it." }),
    gid: z.int().min(0).default(0).meta({ description: "Group, as the container sees it." }),
  })
  .meta({ id: "ContainerFile", description: "A text file in the container." });
export type ContainerFile = z.output<typeof ContainerFile>;

export const ContainerInputs = z.strictObject({
  name: InstanceName.meta(
    replacing("Name of the container and its host name; made from the resource's name when absent."),
  ),
  image: Text.min(1, { message: "must not be empty" })
    .optional()
    .meta(
      replacing(
        "Image to make the container from: an alias, a fingerprint, one of a server of images such as `images:alpine/3.20` or `docker:nginx:alpine`, one of this machine such as `oci:/srv/images/app:1` or `oci-archive:/srv/images/app.tar`, or a template such as `template:busybox` or `template:debian/12`. Exactly one of `image` and `source` is given.",
      ),
    ),
  type: z
    .enum(["container", "virtual-machine"])
    .optional()
    .meta(
      replacing(
        "What it is: `container` when absent, or `virtual-machine` on a server that has them, as LXD and Incus do on a host with KVM.",
      ),
    ),
  source: Source.optional().meta(replacing("Container or snapshot to copy in place of an image.")),
  profiles: z
    .array(ProfileName)
    .default(["default"])
    .meta({ description: "Profiles, the later ones win; `default` when absent, none when empty." }),
  config: configInput(instanceKeys),
  devices,
  ...shortInputs,
  description,
  ephemeral: z.boolean().default(false).meta(replacing("Whether the container is deleted when it stops.")),
  running: z.boolean().default(true).meta({ description: "Whether the container runs." }),
  allowRestart: z.boolean().optional().meta({
    description:
      "Whether an update may restart the running container for what counts from its start on, such as `security.nesting`. Else that is stored for its next start, or refused where the server does not take it.",
  }),
  wait: Wait.optional().meta({ description: "What must be true before the container counts as made." }),
  files: z
    .record(
      Text.refine((path) => path.startsWith("/") && !path.endsWith("/") && !path.split("/").includes(".."), {
        message: 'must be an absolute path of a file, without ".."',
      }),
      ContainerFile,
    )
    .optional()
    .meta({
      description:
        "Text files by absolute path, written before the first start and again when they change; a file that is taken out of the program is deleted. Missing folders are made.",
    }),
  adopt,
  endpoint,
  timeouts,
});
export type ContainerInputs = z.output<typeof ContainerInputs>;

export const ContainerInterface = z
  .object({
    name: z.string().meta({ description: "Name inside the container, such as `eth0`." }),
    macAddress: z.string().meta({ description: "Hardware address." }),
    ipv4Addresses: z.array(z.string()).meta({ description: "Global IPv4 addresses." }),
    ipv6Addresses: z.array(z.string()).meta({ description: "Global IPv6 addresses." }),
  })
  .meta({ id: "ContainerInterface", description: "A network interface of a running container." });

export const ContainerOutputs = z.object({
  status: z.string().meta({ description: "`Running`, `Stopped`, `Frozen` or `Error`." }),
  architecture: z.string().meta({ description: "Processor architecture, such as `x86_64`." }),
  createdAt: z.string().meta({ description: "When the container was made, in RFC 3339." }),
  ipv4Address: z.string().optional().meta({
    description:
      "First global IPv4 address: of the interface that `user.access_interface` names, else of the first nic that has one.",
  }),
  ipv4Addresses: z.array(z.string()).meta({ description: "All global IPv4 addresses." }),
  macAddress: z
    .string()
    .optional()
    .meta({ description: "Hardware address of the interface that `ipv4Address` belongs to, else of the first nic." }),
  interfaces: z.array(ContainerInterface).meta({ description: "Network interfaces other than loopback." }),
});

/** Why a word names no image; nothing for one that may be there. */
function wrongImage(image: unknown): string | undefined {
  if (typeof image !== "string" || image === "" || image === unknownValue) return undefined;
  try {
    if (parseLocalImage(image) === undefined) imageSource(image);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Rules beyond the shape. */
export function containerRules(inputs: Props): CheckFailure[] {
  const failures = [
    ...checkConfigKeys(instanceKeys, lxdInstanceKeys, inputs.config),
    ...checkDeviceOptions(inputs.devices),
  ];
  const add = (property: string, reason: string) => failures.push({ property, reason });
  if (inputs.image === undefined && inputs.source === undefined)
    add("image", 'is required, unless "source" names a container to copy');
  if (inputs.image !== undefined && inputs.source !== undefined)
    add("source", 'cannot be combined with "image": a container is made from one of them');
  const wrong = wrongImage(inputs.image);
  if (wrong !== undefined) add("image", wrong);
  if (inputs.type === "virtual-machine" && isMap(inputs.files) && Object.keys(inputs.files).length > 0)
    add(
      "files",
      'cannot be combined with "type": a virtual machine takes files only while its agent runs. Use cloudInit, or a File beside it',
    );
  if (inputs.ephemeral === true && inputs.running === false)
    add("running", "cannot be false for an ephemeral container, which is deleted when it stops");
  if (Array.isArray(inputs.profiles))
    for (const [at, name] of inputs.profiles.entries())
      if (name !== unknownValue && inputs.profiles.indexOf(name) !== at)
        add(propertyPath(["profiles", at]), "stands in the list already");
  failures.push(...waitRules(inputs.wait));
  return failures;
}
