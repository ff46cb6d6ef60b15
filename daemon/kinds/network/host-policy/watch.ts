/** Host policy: looks whether rules of the host drop what networks live by, as Docker's and firewalld's do, and warns of it by name. */
import { ref, urlOf } from "../../../core/ref";
import { readText } from "../../../platform/folders/files";
import type { Platform } from "../../../platform/platform";
import { defaultInterface } from "../link";
import type { NetworkRecord } from "../store";
import { type Obstacle, obstacleTo } from "./judge";
import { type Packet, packetsOf, type Surroundings } from "./packet";
import { type Ruleset, readRuleset } from "./ruleset";

/** Rules of others change without a word to us. */
const everyMs = 5 * 60_000;
/** Networks that change together are looked at once. */
const pauseMs = 500;

export class HostPolicy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isReleased = false;

  constructor(
    private readonly platform: Pick<Platform, "log" | "warnings">,
    private readonly networks: () => readonly NetworkRecord[],
  ) {}

  /** Looks soon, and then again and again: nobody waits for it. */
  look(): void {
    this.#plan(pauseMs);
  }

  /** For the daemon's end. */
  async release(): Promise<void> {
    this.#isReleased = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isReleased) return;
    this.#timer = setTimeout(() => {
      // One look at a time: the next one is planned when this has ended.
      this.#running ??= this.#look().finally(() => {
        this.#running = undefined;
        this.#plan(everyMs);
      });
    }, ms).unref();
  }

  async #look(): Promise<void> {
    try {
      const bridges = this.networks().filter(({ type }) => type === "bridge");
      if (bridges.length === 0) return;
      const rules = await readRuleset();
      const around = rules === undefined ? undefined : await surroundings();
      for (const { name, config } of bridges) {
        const entity = urlOf(ref("network", name));
        const message = rules && around && complaintOf(name, packetsOf(name, config, around), rules);
        if (message === undefined) this.platform.warnings.resolve("hostPolicy", entity);
        // Deleted meanwhile: nobody would take the warning away.
        else if (this.networks().some((one) => one.name === name))
          this.platform.warnings.record("hostPolicy", { message, entity });
      }
    } catch (error) {
      this.platform.log.warning("Cannot look at the host's rules of nftables", { error });
    }
  }
}

async function surroundings(): Promise<Surroundings> {
  const sees = async (name: string) => (await readText(`/proc/sys/net/bridge/bridge-nf-call-${name}`))?.trim() === "1";
  const [uplink, v4, v6] = await Promise.all([defaultInterface(), sees("iptables"), sees("ip6tables")]);
  return { uplink, bridged: [...(v4 ? ["ipv4" as const] : []), ...(v6 ? ["ipv6" as const] : [])] };
}

/** @returns what is dropped by what, each obstacle once, and how to let it pass; nothing where all passes */
export function complaintOf(network: string, packets: readonly Packet[], rules: Ruleset): string | undefined {
  const kept = new Map<string, string[]>();
  for (const packet of packets) {
    const obstacle = obstacleTo(packet, rules);
    if (obstacle === undefined) continue;
    const words = wordsOf(obstacle, rules);
    kept.set(words, [...(kept.get(words) ?? []), `${packet.title} (${packet.family === "ipv4" ? "IPv4" : "IPv6"})`]);
  }
  if (kept.size === 0) return undefined;
  const lines = [...kept].map(([words, titles]) => `${words} drops ${titles.join(", ")}`);
  return `The host's firewall keeps packets of network "${network}" back: ${lines.join("; ")}. ${remedyFor(network, rules)}`;
}

function wordsOf({ chain, rule }: Obstacle, rules: Ruleset): string {
  const place = `of chain "${chain.name}" in table "${chain.family} ${chain.table}"`;
  if (rule === undefined) return `the policy ${place}`;
  const text = rules.textOf(rule).replace(/counter packets \d+ bytes \d+ /, "");
  return `the rule "${text || `handle ${rule.handle}`}" ${place}`;
}

/** In the words of whoever keeps the rules. */
function remedyFor(network: string, { chains }: Ruleset): string {
  if (chains.some(({ table }) => table === "firewalld"))
    return `Trust the bridge: firewall-cmd --permanent --zone=trusted --add-interface=${network} && firewall-cmd --reload`;
  if (chains.some(({ name }) => name === "DOCKER-USER"))
    return `Let Docker's rules pass it: iptables -I DOCKER-USER -i ${network} -j ACCEPT && iptables -I DOCKER-USER -o ${network} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`;
  if (chains.some(({ name }) => name.startsWith("ufw")))
    return `Let ufw pass it: ufw allow in on ${network} && ufw route allow in on ${network}`;
  return `Let them accept what comes in from and goes out to "${network}".`;
}
