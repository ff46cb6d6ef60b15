/** Scene: a daemon whose host has a cable to a machine outside, and what containers on its networks see. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach } from "node:test";
import { Netns } from "../../scripts/scene/netns";
import type { Config } from "../../sdk/api/common";
import type { TestDaemon } from "../support/daemon";
import { buildProgram } from "../support/frames";
import { type SharedDaemon, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

/** Of the world outside. It knows no way back to the guests: it answers the host's own addresses only. */
export const outside = { ipv4: "192.0.2.2", ipv6: "2001:db8::2" };
/** Those of the host there: the one that it speaks under, and one more. */
const host = { ipv4: ["192.0.2.1", "192.0.2.7"], ipv6: ["2001:db8::1", "2001:db8::7"] };

export class NetworkScene {
  readonly shared: SharedDaemon;
  #world: Netns | undefined;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "bothy-network-"));

  /** Declares the hooks of a test file. @param prepare what its tests need besides */
  constructor(prepare: (daemon: TestDaemon) => Promise<void> = async () => undefined) {
    // Before the daemon goes: its namespace has the other end of the cable.
    after(async () => {
      rmSync(this.#folder, { recursive: true, force: true });
      if (this.#world === undefined) return;
      await this.shared.daemon.run("ip", "link", "delete", "dev", "vtest-up");
      await this.#world[Symbol.asyncDispose]();
    });
    this.shared = shareDaemon({ bare: false }, async (daemon) => {
      await this.#connect(daemon);
      await prepare(daemon);
    });
  }

  get client() {
    return this.shared.client;
  }

  get world(): Netns {
    return this.#world ?? assert.fail("the world is there from the first test on");
  }

  async #connect(daemon: TestDaemon): Promise<void> {
    this.#world = await Netns.create();
    const peer = ["peer", "name", "eth0", "netns", String(this.world.pid)];
    await daemon.run("ip", "link", "add", "name", "vtest-up", "type", "veth", ...peer);
    for (const address of host.ipv4) await daemon.run("ip", "address", "add", `${address}/24`, "dev", "vtest-up");
    for (const address of host.ipv6)
      await daemon.run("ip", "address", "add", `${address}/64`, "dev", "vtest-up", "nodad");
    await daemon.run("ip", "link", "set", "dev", "vtest-up", "up");
    await this.world.run("ip", "address", "add", `${outside.ipv4}/24`, "dev", "eth0");
    await this.world.run("ip", "address", "add", `${outside.ipv6}/64`, "dev", "eth0", "nodad");
    await this.world.run("ip", "link", "set", "dev", "eth0", "up");
  }

  /** Declares that what a test leaves goes before the next one; the default network stays. */
  clearedAfterEach(): void {
    afterEach(async () => {
      for (const { name } of await this.client.listInstances())
        await (await this.client.deleteInstance(name, { force: true })).wait();
      for (const { name, managed } of await this.client.listNetworks())
        if (managed && name !== "bothybr0") await this.client.deleteNetwork(name);
    });
  }

  async launch(name: string, network: string, options: Config = {}): Promise<void> {
    const source = { type: "image", alias: "template:busybox" };
    const devices = { eth0: { type: "nic", network, ...options } };
    await (await this.client.createInstance({ name, source, devices })).wait();
    await (await this.client.setInstanceState(name, { action: "start" })).wait();
  }

  /** Runs a script inside. @returns its output, whatever its code */
  async inside(name: string, script: string): Promise<string> {
    const { stdout } = await this.client.execOutput(name, { command: ["sh", "-c", script] });
    return String(stdout).trim();
  }

  /** Puts one of the small programs (test/support) into a container. */
  async give(name: string, program: Parameters<typeof buildProgram>[0]): Promise<void> {
    const bytes = readFileSync(buildProgram(program, this.#folder));
    await this.client.putFile(name, `/bin/${program}`, bytes, { mode: 0o755 });
  }

  /** Global IPv6 addresses of eth0 inside that are ready for use. */
  async addresses6(name: string): Promise<string[]> {
    const text = await this.inside(name, "ip -6 address show dev eth0 scope global | grep -v tentative");
    return [...text.matchAll(/inet6 (\S+)\/\d+/g)].map(([, address = ""]) => address);
  }

  /** Waits until a guest has found out that nobody else has its link-local address, and can speak under it. */
  async settled6(name: string): Promise<void> {
    await until(async () => {
      const text = await this.inside(name, "ip -6 address show dev eth0 scope link");
      return text.includes("inet6") && !text.includes("tentative");
    });
  }

  /** The IPv6 address that a guest comes to have. */
  async address6(name: string): Promise<string> {
    let found: string | undefined;
    await until(async () => {
      [found] = await this.addresses6(name);
      return found !== undefined;
    });
    return found ?? assert.fail("it has one");
  }

  /** The IPv4 address that a guest's DHCP client has got. */
  async address4(name: string): Promise<string> {
    const { network } = await this.client.waitInstance(name, { for: "ipv4", timeoutSeconds: 60 });
    return network?.eth0?.addresses.find(({ family }) => family === "inet")?.address ?? assert.fail(`${name} has none`);
  }

  /** What a guest is told for a name. @param server an address of the bridge */
  async resolve(name: string, asked: string, type: "a" | "aaaa", server: string): Promise<string | undefined> {
    const text = await this.inside(name, `busybox nslookup -type=${type} ${asked} ${server} 2>&1`);
    return /Name:\s+\S+\s+Address: (\S+)/.exec(text)?.[1];
  }

  async isReached(name: string, address: string): Promise<boolean> {
    return / 1 packets received/.test(await this.inside(name, `ping -c 1 -W 2 ${address}`));
  }

  /** Waits until an address answers. The kernel gives up early on a neighbour that was asked for before it was ready, as by dnsmasq for its name. */
  reaches(name: string, address: string): Promise<void> {
    return until(() => this.isReached(name, address));
  }

  /** Asks by DHCPv6 from inside. @param duid the client's name of its own in hexadecimal digits */
  async ask6(name: string, duid: string): Promise<Record<string, string>> {
    await this.give(name, "dhcp6");
    const lines = (await this.inside(name, `dhcp6 eth0 ${duid}`)).split("\n").map((line) => line.split(" "));
    return Object.fromEntries(lines.map(([key = "", value = ""]) => [key, value]));
  }

  async configOf(network: string): Promise<Config> {
    return (await this.client.getNetwork(network)).value.config;
  }

  /** The bridge's own address. */
  async gateway(network: string, family: "ipv4" | "ipv6"): Promise<string> {
    return ((await this.configOf(network))[`${family}.address`] ?? "").replace(/\/.*/, "");
  }

  /** Changes some keys of a network that is there. */
  async change(network: string, config: Config): Promise<void> {
    const { value, etag } = await this.client.getNetwork(network);
    await this.client.updateNetwork(network, { ...value, config: { ...value.config, ...config } }, { etag });
  }
}
