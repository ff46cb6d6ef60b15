/** Disks: what a guest boots from, made by content: its root, and the packed package with a Node. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { cached, contentOf, guestFiles, keyOf, repository } from "./cache";
import { makeDebianRoot } from "./debian";
import { execute } from "./execute";
import { commonPackages, type Guest } from "./guests";

/** Sparse: a run writes to a throw-away layer above it. */
const rootSize = "8G";
const rootKeptDays = 30;
const appKeptDays = 1;

export interface RootDisk {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** The root of a guest; made once, in some minutes. */
export async function rootDisk(guest: Guest): Promise<RootDisk> {
  const packages = [...commonPackages, ...guest.packages];
  const scripts = guest.script === undefined ? [] : [path.join(guestFiles, guest.script)];
  const definition = ["initramfs", "root"].map(contentOf);
  const key = keyOf(
    guest.suite,
    ...(guest.components ?? []),
    packages.join(),
    readFileSync(path.join(guestFiles, "customise.sh")),
    ...definition,
    ...scripts.map((script) => readFileSync(script)),
  );
  const folder = await cached(guest.name, key, rootKeptDays, async (building) => {
    console.log(`Making the disk of ${guest.title}: some minutes, once`);
    const root = path.join(building, "root");
    const hooks = [
      // Before the kernel's package comes: its first boot file system then holds the few modules that qemu's disks want, which halves the time to boot.
      `--essential-hook=${copyHook("initramfs")}`,
      `--customize-hook=${copyHook("root")}`,
      ...[path.join(guestFiles, "customise.sh"), ...scripts].map((script) => `--customize-hook=${script} "$1"`),
    ];
    await makeDebianRoot(root, { suite: guest.suite, components: guest.components, packages, hooks });
    await label(root);
    for (const name of ["vmlinuz", "initrd.img"])
      copyFileSync(globSync(path.join(root, "boot", `${name}-*`))[0]!, path.join(building, name));
    await makeExt4(path.join(building, "root.img"), root, "root", rootSize);
    rmSync(root, { recursive: true });
  });
  const at = (name: string) => path.join(folder, name);
  return { disk: at("root.img"), kernel: at("vmlinuz"), initrd: at("initrd.img") };
}

/**
 * Gives all files of a root the labels that its policy of SELinux has for them, where it has one. After mmdebstrap, which writes some at its end.
 * The kernel here may know of no labels, and says so of each file system: hence -m.
 */
async function label(root: string): Promise<void> {
  const contexts = "/etc/selinux/default/contexts/files/file_contexts";
  if (existsSync(path.join(root, contexts))) await execute("chroot", [root, "setfiles", "-m", "-F", contexts, "/"]);
}

/** Copies one of our folders over the root that mmdebstrap makes. */
const copyHook = (name: string) => `cp -r --no-preserve=ownership "${path.join(guestFiles, name)}/." "$1"`;

/** The package as npm packs it, installed as a user does, with the Node that runs this. */
export async function appDisk(): Promise<string> {
  const folder = path.join(repository, ".toolchain", `pack-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    await execute("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: repository });
    const archive = globSync(path.join(folder, "*.tgz"))[0]!;
    const agent = path.join(guestFiles, "agent.sh");
    const key = keyOf(readFileSync(archive), process.version, readFileSync(agent));
    const place = await cached("app", key, appKeptDays, async (building) => {
      const app = path.join(building, "app");
      mkdirSync(app);
      writeFileSync(path.join(app, "package.json"), '{ "private": true }\n');
      const quiet = [
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--loglevel=error",
      ];
      await execute("npm", ["install", ...quiet, archive], { cwd: app });
      copyFileSync(process.execPath, path.join(app, "node"));
      chmodSync(path.join(app, "node"), 0o755);
      copyFileSync(agent, path.join(app, "agent.sh"));
      const megabytes = Number((await execute("du", ["-sm", app])).split("\t")[0]);
      await makeExt4(path.join(building, "app.img"), app, "app", `${Math.ceil(megabytes * 1.2) + 40}M`);
      rmSync(app, { recursive: true });
    });
    return path.join(place, "app.img");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A disk that holds the content of a folder, known by its label. */
export async function makeExt4(file: string, folder: string, label: string, size: string): Promise<void> {
  const lazy = "lazy_itable_init=1,root_owner=0:0";
  await execute("mkfs.ext4", ["-q", "-F", "-L", label, "-m", "0", "-E", lazy, "-d", folder, `${file}.part`, size]);
  renameSync(`${file}.part`, file);
}
