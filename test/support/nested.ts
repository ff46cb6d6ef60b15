/**
 * Nested: containers that run a daemon of their own. Their image has next to nothing in it: programs come by disks from the system around, /usr and this
 * repository as it is built, however deep.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, type Config, type Devices } from "../../sdk/index";

const repository = path.resolve(__dirname, "../../..");

const folders = [
  "usr",
  "etc",
  "opt",
  "root",
  "run",
  "proc",
  "sys",
  "dev",
  "mnt",
  "var/lib",
  "var/log",
  "var/tmp",
  "tmp",
];

const files: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n",
  "etc/inittab": "::sysinit:/etc/rcS\n::respawn:/etc/network\n",
  "etc/rcS": "#!/bin/sh\nip link set lo up\n",
  "etc/network":
    "#!/bin/sh\nip link set eth0 up && exec busybox udhcpc -f -i eth0 -A 1 -s /etc/lease >/dev/null 2>&1\nexec sleep 2\n",
  "etc/lease": [
    "#!/bin/sh",
    '[ "$1" = bound ] || [ "$1" = renew ] || exit 0',
    'ip addr replace "$ip/$mask" dev "$interface"',
    'ip route replace default via "$router"',
    "",
  ].join("\n"),
};

/** Writes the image, a tarball of some kilobytes. */
export function writeNestImage(target: string): void {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-nest-"));
  const root = path.join(dir, "rootfs");
  try {
    for (const folder of folders) mkdirSync(path.join(root, folder), { recursive: true });
    for (const name of ["tmp", "var/tmp"]) chmodSync(path.join(root, name), 0o1777);
    for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, path.join(root, name));
    symlinkSync("/usr/bin/busybox", path.join(root, "opt/init"));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text, { mode: 0o755 });
    writeFileSync(path.join(dir, "metadata.yaml"), "architecture: x86_64\ncreation_date: 1700000000\n");
    const owner = ["--numeric-owner", "--owner=0", "--group=0"];
    execFileSync("tar", ["-C", dir, ...owner, "-czf", target, "metadata.yaml", "rootfs"]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a container needs beside its image. @param isHost whether it is one of the host's, which has the repository elsewhere than the others */
const disks = (isHost: boolean): Devices => ({
  usr: { type: "disk", source: "/usr", path: "/usr", readonly: "true" },
  bothy: { type: "disk", source: isHost ? repository : "/opt/bothy", path: "/opt/bothy", readonly: "true" },
  node: {
    type: "disk",
    source: isHost ? path.dirname(process.execPath) : "/opt/node",
    path: "/opt/node",
    readonly: "true",
  },
});

const searchPath = "/opt/bothy/bin:/opt/node:/usr/sbin:/usr/bin:/sbin:/bin";
const innerSocket = "/var/lib/bothy/unix.socket";

/** Who makes containers: the daemon of the test, or one in a container. */
interface Ground {
  readonly client: Client;
  /** What is around it, if that is a container. */
  readonly nest?: Nest;
}

/** A container that nests, with a daemon in it. */
export class Nest implements Ground {
  private constructor(
    private readonly outer: Ground,
    readonly name: string,
    private readonly folder: string,
    /** Of the daemon in it. */
    readonly client: Client,
  ) {}

  get nest(): Nest {
    return this;
  }

  /** Makes and starts one, and a daemon in it. @param folder of this process, for sockets @param image tarball @param more devices @param own configuration */
  static async start(
    outer: Ground,
    name: string,
    folder: string,
    image: string,
    more: Devices = {},
    own: Config = {},
  ): Promise<Nest> {
    const { metadata } = await (await outer.client.createImageFromFile(image)).wait();
    const source = { type: "image" as const, fingerprint: String(metadata?.fingerprint) };
    const config = {
      "security.nesting": "true",
      "raw.lxc": "lxc.init.cmd=/opt/init",
      "environment.PATH": searchPath,
      ...own,
    };
    const devices = { ...disks(outer.nest === undefined), ...more };
    await (await outer.client.createInstance({ name, source, config, devices })).wait();
    await (await outer.client.setInstanceState(name, { action: "start" })).wait();
    await outer.client.waitInstance(name, { for: "ipv4", timeoutSeconds: 30 });
    const nest = new Nest(outer, name, folder, new Client({ endpoint: path.join(folder, `${name}.sock`) }));
    await nest.run("setsid sh -c 'exec bothyd >/var/log/bothyd.log 2>&1 </dev/null &'");
    await nest.run(
      `for i in $(seq 300); do [ -S ${innerSocket} ] && exit; sleep 0.1; done; cat /var/log/bothyd.log; exit 1`,
    );
    await nest.#open();
    await nest.client.getServer();
    return nest;
  }

  /** Hands connections on from a socket of this process to that of the inner daemon, by a proxy of each container on the way. */
  async #open(): Promise<void> {
    let connect = innerSocket;
    for (let at: Nest | undefined = this; at !== undefined; at = at.outer.nest) {
      const listen = path.join(at.outer.nest === undefined ? this.folder : "/run", `${this.name}.sock`);
      const devices = { [this.name]: { type: "proxy", listen: `unix:${listen}`, connect: `unix:${connect}` } };
      await at.outer.client.patchInstance(at.name, { devices });
      connect = listen;
    }
  }

  /** Runs a script in it. @returns its output @throws Error with what it said when it fails */
  async run(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.outer.client.execOutput(this.name, { command: ["sh", "-c", script] });
    if (code !== 0) throw new Error(`"${script}" failed in "${this.name}" with ${code}: ${stdout}${stderr}`);
    return String(stdout).trim();
  }

  /** Stops and deletes it, with all that is in it. */
  async remove(): Promise<void> {
    await this.client.close();
    await (await this.outer.client.setInstanceState(this.name, { action: "stop", force: true })).wait();
    await (await this.outer.client.deleteInstance(this.name)).wait();
  }
}
