/** Labelled: a container for a while, in a daemon of the file, and what its processes are labelled with is looked at. Of the tests of AppArmor and of SELinux. */
import type { Client } from "../../sdk/client/client";

const image = { type: "image", alias: "template:busybox" };

type Keys = Readonly<Record<string, string>>;
type DeviceKeys = Readonly<Record<string, Record<string, string>>>;

/** @param client of the daemon, which is there from the first test on */
export function labelledContainers(client: () => Client) {
  const act = async (name: string, action: "start" | "stop" | "restart"): Promise<void> => {
    await (await client().setInstanceState(name, { action, force: true })).wait();
  };
  return {
    act,

    /** Runs work with a container, which is deleted then. */
    having: async (name: string, config: Keys, work: () => Promise<void>, devices: DeviceKeys = {}): Promise<void> => {
      await (await client().createInstance({ name, source: image, config, devices })).wait();
      try {
        await act(name, "start");
        await work();
      } finally {
        const { value } = await client().getInstance(name);
        if (value.status === "Running") await act(name, "stop");
        await (await client().deleteInstance(name)).wait();
      }
    },

    /** Both outputs of a script; a NUL, as the kernel puts one behind a label, is the end of a line. */
    inside: async (name: string, script: string): Promise<string> => {
      const { stdout, stderr } = await client().execOutput(name, { command: ["sh", "-c", script] });
      return `${stdout}${stderr}`.replaceAll("\0", "\n").trim();
    },

    /** Of its first process, as the host sees it. */
    pidOf: async (name: string): Promise<number> => (await client().getInstanceState(name)).pid,
  };
}
