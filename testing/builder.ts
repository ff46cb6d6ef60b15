/** Builder: by which a program makes containers and volumes of its environment. */
import { ApiError, type Client, type Device, imageSource } from "../sdk";
import { addressAt } from "./addresses";
import type { ContainerArgs, FileArgs, VolumeArgs, WaitArgs } from "./args";
import { Container } from "./container";
import { waitUntilReady } from "./wait";

/** Where an environment is. */
export interface Ground {
  /** Of the environment's project. */
  readonly client: Client;
  readonly project: string;
  readonly network: string;
  /** The bridge's address with its length, such as "10.1.2.1/24". */
  readonly subnet: string;
  readonly pool: string;
}

/** What an environment remembers of a container beyond what the server does. */
export interface Made {
  readonly container: Container;
  readonly wait: WaitArgs | undefined;
}

export class Builder {
  #addresses = 0;

  constructor(
    private readonly ground: Ground,
    private readonly made: Map<string, Made>,
  ) {}

  /** Makes a volume of files; containers have it by `volumes`, by its name. @returns the name */
  async volume(name: string, { config = {}, description = "" }: VolumeArgs = {}): Promise<string> {
    const { client, pool } = this.ground;
    await client.createStorageVolume(pool, { name, config, description });
    return name;
  }

  /**
   * Makes a container and waits until it is ready. Several at once go side by side: `await Promise.all([...])`. The others find it by its
   * name.
   * @throws ApiError, Error that name the container
   */
  async container(name: string, args: ContainerArgs): Promise<Container> {
    const { client } = this.ground;
    const { image, config = {}, profiles = [], description = "", running = true, files = {}, wait } = args;
    // Chosen before anything is awaited: the order in the program is that of the addresses.
    const devices = this.#devices(args);
    const ipv4Address = devices.eth0?.network === this.ground.network ? devices.eth0["ipv4.address"] : undefined;
    const start = running && Object.keys(files).length === 0;
    const source = imageSource(image);
    const post = { name, source, config, devices, profiles: [...profiles], description, start };
    await (await client.createInstance(post)).wait();
    for (const [path, file] of Object.entries(files)) await writeFile(client, name, path, file);
    if (running && !start) await (await client.setInstanceState(name, { action: "start" })).wait();
    const container = new Container(client, name, ipv4Address);
    this.made.set(name, { container, wait });
    if (running) await waitUntilReady(client, [{ name, wait, hasNic: ipv4Address !== undefined }]);
    return container;
  }

  #devices({ devices = {}, volumes = {} }: ContainerArgs): Record<string, Device> {
    const { pool, network, subnet } = this.ground;
    const nic = () => ({
      type: "nic",
      network,
      name: "eth0",
      "ipv4.address": addressAt(subnet, this.#addresses++),
    });
    const disks = Object.entries(volumes).map(([path, source]) => [source, { type: "disk", pool, source, path }]);
    return {
      root: { type: "disk", pool, path: "/" },
      ...(devices.eth0 === undefined ? { eth0: nic() } : {}),
      ...Object.fromEntries(disks),
      ...devices,
    };
  }
}

async function writeFile(client: Client, instance: string, path: string, file: FileArgs): Promise<void> {
  const { content, mode = "0644", uid = 0, gid = 0 } = file;
  const folders = path.split("/").slice(1, -1);
  for (const at of folders.keys()) {
    const folder = `/${folders.slice(0, at + 1).join("/")}`;
    try {
      await client.getFileInfo(instance, folder);
    } catch (error) {
      if (!ApiError.is(error) || error.code !== "NOT_FOUND") throw error;
      await client.putFile(instance, folder, undefined, { type: "directory", uid: 0, gid: 0, mode: 0o755 });
    }
  }
  await client.putFile(instance, path, content, { mode: Number.parseInt(mode, 8), uid, gid });
}
