/**
 * Device proxy: a process of bothy-cell hands connections on between host and container (docs/native-protocol.md, Verb `proxy`), or, in NAT mode,
 * the rules of a network packets (proxy-nat.ts).
 */
import { createHash } from "node:crypto";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { proxyOptions } from "../../../../sdk/api/devices/proxy";
import type { ProxyAddress } from "../../../../sdk/api/devices/proxy-address";
import { ApiError } from "../../../../sdk/api/errors";
import { toApiError } from "../../../platform/errors";
import type { Op, RunningCell } from "../../../platform/native/index";
import { isNatProxy } from "../../network/nat-proxy";
import type { InstanceHome } from "../home";
import { type InstanceId, keyOf } from "../record";
import type { DeviceDriver, NamedDevice, PlanFacts } from "./driver";
import { closeNatProxy, natPart, natSteps, requireNatTarget } from "./proxy-nat";
import type { Step } from "./step";

/** The socket by which a daemon finds a proxy, of an earlier daemon too. Names of devices are longer than the name of a socket may be. */
const controlOf = (home: InstanceHome, instance: InstanceId, device: string): string =>
  path.join(home.dirs.cell(keyOf(instance)), `proxy-${createHash("sha256").update(device).digest("hex").slice(0, 16)}`);

function endOps(name: "proxy-listen" | "proxy-connect", side: "host" | "instance", end: ProxyAddress): Op[] {
  if (end.type === "unix") return [[name, side, "unix", end.path, ""]];
  const host = end.host || (name === "proxy-listen" ? "0.0.0.0" : "127.0.0.1");
  return end.ports.map((port): Op => [name, side, end.type, host, String(port)]);
}

function proxyOps(options: Device): Op[] {
  const proxy = proxyOptions(options);
  const [listen, connect] = [proxy.get("listen"), proxy.get("connect")];
  if (listen === undefined || connect === undefined) return [];
  const isOnHost = proxy.get("bind") === "host";
  const file = [String(proxy.get("uid")), String(proxy.get("gid")), proxy.get("mode").toString(8)];
  return [
    ...endOps("proxy-listen", isOnHost ? "host" : "instance", listen),
    ...endOps("proxy-connect", isOnHost ? "instance" : "host", connect),
    ["proxy-file", ...file],
    ["proxy-user", String(proxy.get("security.uid")), String(proxy.get("security.gid"))],
    ...(proxy.get("proxy_protocol") ? [["proxy-header"] as Op] : []),
  ];
}

async function run({ home, owner, ids }: PlanFacts, [device, options]: NamedDevice, cell: RunningCell): Promise<void> {
  const control = controlOf(home, owner, device);
  // One of an earlier run may still be ending, and has the address until then.
  await home.native.endProxy(control);
  try {
    await home.native.startProxy(cell, ids, control, proxyOps(options));
  } catch (error) {
    const { code, message, details } = toApiError(error);
    const isTaken = (details as { errno?: string } | undefined)?.errno === "EADDRINUSE";
    throw new ApiError(isTaken ? "BAD_REQUEST" : code, `Failed to start device "${device}": ${message}`, {
      details,
      cause: error,
    });
  }
}

const end = ({ home, owner }: Pick<PlanFacts, "home" | "owner">, device: string): Promise<void> =>
  home.native.endProxy(controlOf(home, owner, device));

const steps = (facts: PlanFacts, named: NamedDevice): Step[] =>
  isNatProxy(named[1])
    ? natSteps(facts, named)
    : [{ by: "daemon after", run: (cell) => run(facts, named, cell), undo: () => end(facts, named[0]) }];

export const proxy: DeviceDriver = {
  partOf: natPart,
  checkStart: (facts) => {
    for (const named of facts.devices) if (isNatProxy(named[1])) requireNatTarget(facts, named);
  },
  plan: (facts) => facts.devices.map((named) => ({ device: named[0], steps: steps(facts, named) })),
  ended: async (facts) => {
    await Promise.all(
      facts.devices.map(([device, options]) =>
        (isNatProxy(options) ? closeNatProxy(facts, device) : end(facts, device)).catch((error: unknown) =>
          facts.home.log.warning("Cannot end a proxy", { name: facts.owner.name, device, error }),
        ),
      ),
    );
  },
  adopted: async (facts, cell) => {
    for (const named of facts.devices)
      if (isNatProxy(named[1])) for (const step of natSteps(facts, named)) await step.run();
      else if (!(await facts.home.native.hasProxy(controlOf(facts.home, facts.owner, named[0]))))
        await run(facts, named, cell);
  },
};
