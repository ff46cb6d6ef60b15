/** Configuration keys of projects; every key here has an effect. */
import { hostIds } from "./id-map";
import { readerOf } from "./reader";
import { grouped, type KeyTable, type Row, type ValueType } from "./table";
import { anyText, architecture, bool, compression, integer, moment, nameList, oneOf, pathList, size } from "./values";

const since = "0.1.0";

/** LXD counts in 32 bits. */
const count = integer(0, 2 ** 32 - 1);

const allowOrBlock = oneOf("allow", "block");

/** Bridges are the whole host's. */
const never: ValueType<boolean> = {
  title: "`false`",
  check: (value) =>
    bool.check(value) ??
    (bool.parse(value) === true ? "networks belong to the default project here; it must be false" : undefined),
  parse: bool.parse,
};

const features = grouped("features", {
  "features.images": {
    type: bool,
    unset: "false; a new project gets true",
    computed: true,
    applies: "now",
    since,
    extension: "projects",
    example: "false",
    doc: "Whether the project has images and aliases of its own; else it has those of the default project. Only an empty project changes it.",
  },
  "features.networks": {
    type: never,
    default: "false",
    applies: "now",
    since,
    example: "false",
    doc: "Whether the project has networks of its own. Bridges belong to the default project, so only `false` works.",
  },
  "features.profiles": {
    type: bool,
    unset: "false; a new project gets true",
    computed: true,
    applies: "now",
    since,
    extension: "projects",
    example: "false",
    doc: "Whether the project has profiles of its own; else it has those of the default project. Only an empty project changes it.",
  },
  "features.storage.volumes": {
    type: bool,
    unset: "false; a new project gets true",
    computed: true,
    applies: "now",
    since,
    example: "false",
    doc: "Whether the project has custom volumes of its own. Volumes of instances are always its own. Only an empty project changes it.",
  },
});

/** How what is made of a project's instances is packed. */
const packing = (what: string) =>
  ({
    type: compression,
    unset: "as the server has it",
    applies: "now",
    since,
    extension: "projects_compression",
    example: "zstd -3",
    doc: `How ${what} of the project's instances are packed that say nothing of it: as the server's key of that name.`,
  }) as const satisfies Row;

const backups = grouped("backups", { "backups.compression_algorithm": packing("backups") });

/** What counts in place of the server's keys of the same names (docs/lxd-api.md, Images from elsewhere). */
const images = grouped("images", {
  "images.auto_update_cached": {
    type: bool,
    unset: "as the server has it",
    applies: "now",
    since,
    extension: "projects_images_auto_update",
    example: "false",
    doc: "Whether images that are fetched for instances are brought up to date by themselves.",
  },
  "images.auto_update_interval": {
    type: integer(0, 2 ** 31 - 1),
    unset: "as the server has it",
    applies: "now",
    since,
    extension: "projects_images_auto_update",
    example: "24",
    doc: "How many hours pass between looks for newer images; 0 for never.",
  },
  "images.compression_algorithm": packing("images"),
  "images.default_architecture": {
    type: architecture,
    unset: "as the server has it",
    applies: "now",
    since,
    extension: "images_default_architecture",
    example: "x86_64",
    doc: "The architecture of which an image is taken where an alias has several.",
  },
  "images.remote_cache_expiry": {
    type: integer(0, 2 ** 31 - 1),
    unset: "as the server has it",
    applies: "now",
    since,
    extension: "projects_images_remote_cache_expiry",
    example: "30",
    doc: "How many days an image that was fetched for an instance is kept after its last use; 0 for ever.",
  },
});

const expiry = grouped("expiry", {
  "expiry.at": {
    type: moment,
    unset: "never",
    applies: "now",
    since,
    extension: "bothy_expiry",
    example: "2030-01-31T12:00:00Z",
    doc: "When the server deletes the project with all that is in it. Whoever uses it moves the time on; the default project has none.",
  },
  "expiry.networks": {
    type: nameList,
    unset: "none",
    applies: "now",
    since,
    extension: "bothy_expiry",
    example: "ci1,ci2",
    doc: "Networks that go with the project when it expires, if nothing else uses them. They need not be there.",
  },
});

const limits = grouped("limits", {
  "limits.containers": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits",
    example: "10",
    doc: "How many containers the project may hold.",
  },
  "limits.cpu": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits",
    example: "8",
    doc: "How many processors the `limits.cpu` of all instances may come to. Each instance then needs a number there, not a set.",
  },
  "limits.disk": {
    type: size,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits_disk",
    example: "100GiB",
    doc: "What the roots of all instances and the project's custom volumes may hold together. Each of them then needs a `size`. A new image may have the bytes that are left.",
  },
  "limits.instances": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits_instances",
    example: "10",
    doc: "How many instances the project may hold.",
  },
  "limits.memory": {
    type: size,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits",
    example: "4GiB",
    doc: "What the `limits.memory` of all instances may come to. Each instance then needs a size there, not a share.",
  },
  "limits.networks": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    example: "3",
    doc: "How many networks the project may hold. Networks belong to the default project, so it holds none.",
  },
  "limits.processes": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits",
    example: "1000",
    doc: "What the `limits.processes` of all instances may come to. Each instance then needs a number there.",
  },
  "limits.virtual-machines": {
    type: count,
    unset: "no limit",
    applies: "now",
    since,
    extension: "projects_limits",
    example: "0",
    doc: "How many virtual machines the project may hold. There are none yet.",
  },
});

/** Whether there may be devices of a type. */
const mayHave = (type: string) =>
  ({
    type: allowOrBlock,
    default: "block",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: `Whether there may be devices of the type \`${type}\`.`,
  }) as const satisfies Row;

const restricted = grouped("restricted", {
  restricted: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "true",
    doc: "Whether the keys below count: what they do not allow, instances and profiles of the project cannot have.",
  },
  "restricted.backups": {
    type: allowOrBlock,
    default: "block",
    applies: "now",
    since,
    extension: "projects_restricted_backups_and_snapshots",
    example: "allow",
    doc: "Whether backups can be made.",
  },
  "restricted.containers.interception": {
    type: oneOf("allow", "block", "full"),
    default: "block",
    applies: "now",
    since,
    extension: "projects_restricted_intercept",
    example: "allow",
    doc: "Which system calls of containers may be answered from outside (`security.syscalls.intercept.*`): none, those that are safe by themselves (`allow`), or all (`full`).",
  },
  "restricted.containers.lowlevel": {
    type: allowOrBlock,
    default: "block",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: "Whether containers may have keys such as `raw.lxc` that reach past the other restrictions.",
  },
  "restricted.containers.nesting": {
    type: allowOrBlock,
    default: "block",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: "Whether containers may have `security.nesting`.",
  },
  "restricted.containers.privilege": {
    type: oneOf("unprivileged", "isolated", "allow"),
    default: "unprivileged",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: "Whether containers may have `security.privileged`. Host ids are always a container's own, so `isolated` asks for nothing more.",
  },
  "restricted.devices.disk": {
    type: oneOf("managed", "block", "allow"),
    default: "managed",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: "Which disks there may be: of storage pools (`managed`), of host folders too (`allow`), or the root disk only (`block`).",
  },
  "restricted.devices.disk.paths": {
    type: pathList,
    unset: "all paths",
    applies: "now",
    since,
    example: "/srv/lab,/home/lab",
    doc: "Folders of the host in which the `source` of a disk must lie, with `restricted.devices.disk` set to `allow`. The kernel holds a source to its folder at each start (docs/lxd-api.md, Projects); such a disk has no `shift` and no file system's own options.",
  },
  "restricted.devices.gpu": mayHave("gpu"),
  "restricted.devices.infiniband": mayHave("infiniband"),
  "restricted.devices.nic": {
    type: oneOf("managed", "block", "allow"),
    default: "managed",
    applies: "now",
    since,
    extension: "projects_restrictions",
    example: "allow",
    doc: "Which nics there may be: those with `network` (`managed`), all (`allow`), or none (`block`).",
  },
  "restricted.devices.proxy": mayHave("proxy"),
  "restricted.devices.unix-block": mayHave("unix-block"),
  "restricted.devices.unix-char": mayHave("unix-char"),
  "restricted.devices.unix-hotplug": mayHave("unix-hotplug"),
  "restricted.devices.usb": mayHave("usb"),
  "restricted.idmap.gid": {
    type: hostIds,
    unset: "none",
    applies: "now",
    since,
    example: "1000,2000-2999",
    doc: "Groups of the host that `raw.idmap` may name without `restricted.containers.lowlevel`.",
  },
  "restricted.idmap.uid": {
    type: hostIds,
    unset: "none",
    applies: "now",
    since,
    example: "1000,2000-2999",
    doc: "Users of the host that `raw.idmap` may name without `restricted.containers.lowlevel`.",
  },
  "restricted.networks.access": {
    type: nameList,
    unset: "all that `restricted.devices.nic` leaves",
    applies: "now",
    since,
    extension: "projects_networks_restricted_access",
    example: "lxdbr0,lxdbr1",
    doc: "Which networks the project may see and use.",
  },
  "restricted.snapshots": {
    type: allowOrBlock,
    default: "block",
    applies: "now",
    since,
    example: "allow",
    doc: "Whether snapshots can be made.",
  },
});

const user = grouped("user", {
  "user.*": { type: anyText, secret: true, applies: "now", since, example: "lab", doc: "Free for the user." },
});

export const projectKeys = {
  ...backups,
  ...expiry,
  ...features,
  ...images,
  ...limits,
  ...restricted,
  ...user,
} satisfies KeyTable;

/** Reads the configuration of a project. */
export const projectConfig = readerOf(projectKeys);
