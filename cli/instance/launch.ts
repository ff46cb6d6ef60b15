/** launch: makes a container from an image and starts it. */
import {
  type Client,
  type Devices,
  type InstanceSource,
  imageSource,
  parseLocalImage,
  resourceNames,
  sendLocalImage,
} from "../../sdk/index";
import { type Command, formatOption, keyValue } from "../command";
import { waitFor, warningsOf } from "../wait";

export const launch: Command = {
  words: "<IMAGE> [NAME]",
  options: {
    profile: {
      type: "string",
      short: "p",
      multiple: true,
      value: "NAME",
      help: "Profile, instead of the default one.",
    },
    config: { type: "string", short: "c", multiple: true, value: "KEY=VALUE", help: "Configuration key." },
    network: { type: "string", short: "n", value: "NAME", help: "Network that the container's eth0 joins." },
    storage: { type: "string", short: "s", value: "NAME", help: "Storage pool that holds the container." },
    ephemeral: { type: "boolean", short: "e", help: "Delete the container when it stops." },
    ...formatOption,
  },
  details: [
    'IMAGE is "images:alpine/3.20" or "ubuntu:24.04" of a server of images ("bothy remote list" shows them),',
    '"docker:nginx:alpine" of a registry, "oci:/PATH:TAG" or "oci-archive:/PATH" of this machine,',
    ' "template:busybox" or another template, an alias such as "debian/12", or a fingerprint.',
    "Without NAME the daemon chooses one. Examples:",
    "",
    "  bothy launch template:busybox web",
    "  bothy launch images:alpine/3.20 web",
    "  bothy launch docker:nginx:alpine web",
    "  bothy launch template:debian/12 db --config limits.memory=1GiB --network lab",
  ].join("\n"),
  run: async ({ words: [image = "", name], client, output, flag, value, values }) => {
    const profiles = values("profile");
    const title = name === undefined ? "Launching a container" : `Launching ${name}`;
    const source = await sourceOf(client, image);
    const created = await waitFor(output, title, () =>
      client.createInstance({
        name,
        source,
        profiles: profiles.length === 0 ? null : profiles,
        config: Object.fromEntries(values("config").map((text) => keyValue("config", text))),
        devices: devicesOf(value("network"), value("storage")),
        ephemeral: flag("ephemeral"),
      }),
    );
    for (const warning of warningsOf(created)) output.error(`Warning: ${warning}`);
    const made = name ?? resourceNames(created, "instances")[0] ?? "";
    try {
      await waitFor(output, title, () => client.setInstanceState(made, { action: "start" }));
    } catch (error) {
      output.error(`Container "${made}" was made but did not start. "bothy delete ${made}" removes it.`);
      throw error;
    }
    if (output.format === "json") output.json((await client.getInstance(made)).value);
    else output.say(`Launched ${made}`);
    return 0;
  },
};

/** What lies on this machine is sent first; the daemon may be on another one. */
async function sourceOf(client: Client, image: string): Promise<InstanceSource> {
  const local = parseLocalImage(image);
  return local === undefined ? imageSource(image) : { type: "image", fingerprint: await sendLocalImage(client, local) };
}

function devicesOf(network: string | undefined, pool: string | undefined): Devices {
  const devices: Devices = {};
  if (network !== undefined) devices.eth0 = { type: "nic", name: "eth0", network };
  if (pool !== undefined) devices.root = { type: "disk", path: "/", pool };
  return devices;
}
