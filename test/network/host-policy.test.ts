/** Rules of the host beside ours: what Docker, firewalld and others drop of a network is told by the rule's name, and true by what packets do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../support/needs";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { until } from "../support/until";
import { CabledScene, outside } from "./cabled-scene";

const skip = needs("root", "nft", "dnsmasq", "musl-gcc");
const iptables = skip || requireFeature("iptables", hasProgram("iptables-nft"));

const config = { "ipv4.address": "10.79.3.1/24", "ipv4.nat": "true", "ipv6.address": "none" };

const scene = new CabledScene(async (daemon) => {
  await daemon.run("ip", "route", "add", "default", "via", outside.ipv4);
  await daemon.client.createNetwork({ name: "hp3", config });
  await scene.launch("box", "hp3");
  await scene.address4("box");
});

const host = (script: string) => scene.shared.daemon.run("sh", "-ec", script);
const nft = (table: string) => host(`nft -f - <<'END'\n${table}\nEND`);

/** What is warned of now, after a look that began later than the last change of rules. */
async function warned(expected: RegExp | undefined): Promise<string> {
  await scene.client.patchNetwork("hp3", { config: { "ipv4.dhcp.expiry": `${3600 + looks++}s` } });
  let told = "";
  await until(async () => {
    const warnings = await scene.client.listWarnings();
    const found = warnings.find(
      ({ type, status, entity_url }) =>
        type === "Host's firewall keeps packets of the network back" &&
        status !== "resolved" &&
        entity_url === "/1.0/networks/hp3",
    );
    told = found?.last_message ?? "";
    return expected === undefined ? found === undefined : expected.test(told);
  });
  return told;
}
let looks = 0;

const reachesWorld = () => scene.isReached("box", outside.ipv4);

test("Docker's policy is named, and what the warning says to do lets packets pass", { skip: iptables }, async () => {
  assert.equal(await reachesWorld(), true, "nothing is in the way yet");
  await host(`iptables-nft -N DOCKER-USER
iptables-nft -A DOCKER-USER -j RETURN
iptables-nft -P FORWARD DROP
iptables-nft -A FORWARD -j DOCKER-USER
iptables-nft -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-nft -A FORWARD -i docker0 ! -o docker0 -j ACCEPT`);
  try {
    const told = await warned(/policy of chain "FORWARD" in table "ip filter" drops packets to the world \(IPv4\)/);
    assert.match(told, /answers from the world/);
    assert.doesNotMatch(told, /names|DHCP/, "what goes to the host itself is not forwarded");
    assert.equal(await reachesWorld(), false);
    const [, remedy = ""] = /: (iptables .*)$/.exec(told) ?? [];
    assert.match(remedy, /DOCKER-USER -i hp3/);
    await host(remedy.replaceAll("iptables", "iptables-nft"));
    await warned(undefined);
    assert.equal(await reachesWorld(), true);
  } finally {
    await host("nft delete table ip filter");
  }
});

test("firewalld's last rule is named, for what goes to the host and through it", { skip }, async () => {
  const firewalld = (zones: string) =>
    nft(`table inet firewalld
delete table inet firewalld
table inet firewalld {
  chain filter_INPUT {
    type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    iifname "lo" accept
    ct state invalid drop
    jump zones_INPUT
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    ip6 daddr { ::/96, ::ffff:0.0.0.0/96 } log prefix "RFC3964" reject with icmpv6 addr-unreachable
    jump zones_FORWARD
    reject with icmpx admin-prohibited
  }
  chain zones_INPUT {
    ${zones}
    iifname "vtest-up" goto public
    goto public
  }
  chain zones_FORWARD {
    ${zones}
    oifname "docker*" accept
    udp dport 1-1024 accept
  }
  chain public {
    tcp dport 22 ct state { new, untracked } accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
}`);
  await firewalld("");
  try {
    const told = await warned(
      /rule "reject with icmpx admin-prohibited" of chain "filter_INPUT" in table "inet firewalld"/,
    );
    assert.match(told, /drops questions of DHCP \(IPv4\), questions for names \(IPv4\);/);
    assert.match(told, /chain "filter_FORWARD" in table "inet firewalld" drops packets to the world \(IPv4\)/);
    assert.match(told, /firewall-cmd --permanent --zone=trusted --add-interface=hp3/);
    assert.equal(await reachesWorld(), false);
    await firewalld('iifname { "hp3", "virbr*" } accept');
    await warned(undefined);
    assert.equal(await reachesWorld(), true);
  } finally {
    await nft("delete table inet firewalld");
  }
});

test("a policy for the host itself is named, behind rules of states", { skip: iptables }, async () => {
  await host(`iptables-nft -A INPUT -i lo -j ACCEPT
iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-nft -P INPUT DROP`);
  try {
    const told = await warned(/policy of chain "INPUT" in table "ip filter" drops questions of DHCP/);
    assert.doesNotMatch(told, /world/);
    assert.equal(await scene.resolve("box", "box", "a", "10.79.3.1"), undefined);
  } finally {
    await host("nft delete table ip filter");
  }
});

test("rules that may let packets pass, or are about others, are nothing to warn of", { skip }, async () => {
  await nft(`table inet others {
  set known { type ipv4_addr; flags interval; elements = { 10.79.3.0/24, 198.51.100.7 } }
  chain marked {
    type filter hook input priority filter; policy drop;
    meta pkttype broadcast accept
    fib daddr type local accept
  }
  chain other_hosts {
    type filter hook forward priority filter; policy drop;
    iifname "hp*" oifname "vtest-up" ip saddr @known accept
    iifname { "hp3", "other" } oifname "hp*" accept
    iifname vmap { "vtest-up" : jump back }
    meta nfproto ipv6 accept
  }
  chain back {
    ct state vmap { established : accept, new : drop }
  }
  chain small {
    type filter hook forward priority filter + 1; policy accept;
    tcp dport != 443 iifname "virbr0" drop
    ip saddr 10.80.0.0/16 drop
    limit rate over 1000/second drop
  }
}`);
  try {
    await nft("table inet late { chain c { type filter hook forward priority 20; ip daddr 203.0.113.0/24 drop; }; }");
    await warned(
      /rule "ip daddr 203\.0\.113\.0\/24 drop" of chain "c" in table "inet late" drops packets to the world/,
    );
    await nft("delete table inet late");
    await warned(undefined);
    assert.equal(await reachesWorld(), true);
  } finally {
    await nft("delete table inet others");
  }
});
