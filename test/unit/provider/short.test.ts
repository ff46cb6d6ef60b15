import assert from "node:assert/strict";
import { test } from "node:test";
import { secretsProperty } from "../../../provider/core/engine/secrets";
import type { Props } from "../../../provider/core/engine/values";
import { unknownValue } from "../../../provider/core/engine/values";
import { container } from "../../../provider/core/kinds/container/container";
import { withShort } from "../../../provider/core/kinds/container/short";

test("short inputs become the keys and devices that they stand for, beside those that are said in full", () => {
  const { inputs, failures } = withShort({
    config: { "user.a": "1" },
    limits: { memory: "512MiB", swap: false, cpus: 2, cpuAllowance: "50%", processes: 90 },
    cloudInit: { userData: "#cloud-config", vendorData: "#vendor", networkConfig: "version: 2" },
    restartPolicy: "always",
    nics: [
      { network: "lan", ipv4Address: "10.0.0.9" },
      { network: "back", name: "data" },
    ],
    disks: [
      { path: "/", pool: "fast", size: "10GiB" },
      { path: "/srv/data", pool: "fast", volume: "vol", readonly: true },
    ],
    mounts: [{ source: "/srv/www", path: "/var/www", shift: true }],
    ports: [
      { host: 8080, container: 80 },
      { host: 53, container: 5353, protocol: "udp", hostAddress: "fd00::1" },
    ],
  });
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs.config, {
    "limits.memory": "512MiB",
    "limits.memory.swap": "false",
    "limits.cpu": "2",
    "limits.cpu.allowance": "50%",
    "limits.processes": "90",
    "cloud-init.user-data": "#cloud-config",
    "cloud-init.vendor-data": "#vendor",
    "cloud-init.network-config": "version: 2",
    "boot.autostart": "true",
    "boot.autorestart": "true",
    "user.a": "1",
  });
  assert.deepEqual(inputs.devices, {
    eth0: { type: "nic", network: "lan", name: "eth0", "ipv4.address": "10.0.0.9" },
    data: { type: "nic", network: "back", name: "data" },
    root: { type: "disk", path: "/", pool: "fast", size: "10GiB" },
    "disk-srv-data": { type: "disk", path: "/srv/data", pool: "fast", source: "vol", readonly: "true" },
    "mount-var-www": { type: "disk", source: "/srv/www", path: "/var/www", shift: "true" },
    "port-tcp-8080": { type: "proxy", listen: "tcp:0.0.0.0:8080", connect: "tcp:127.0.0.1:80" },
    "port-udp-53": { type: "proxy", listen: "udp:[fd00::1]:53", connect: "udp:127.0.0.1:5353" },
  });
});

test("what is secret in short is secret in full, and what is not known yet stays unknown", () => {
  const { inputs } = withShort({
    cloudInit: { userData: "password: x" },
    ports: [{ host: unknownValue, container: 80 }],
    [secretsProperty]: [["cloudInit"]],
  });
  assert.deepEqual(inputs[secretsProperty], [["cloudInit"], ["config", "cloud-init.user-data"]]);
  const { listen } = (inputs.devices as Record<string, Props>)["port-0"]!;
  assert.equal(listen, unknownValue);
});

test("a program that says the same in short and then in full changes nothing", async () => {
  const checked = async (more: Props) => {
    const { inputs, failures } = await container.check({}, { name: "web", image: "i", ...more });
    assert.deepEqual(failures, []);
    return inputs;
  };
  const short = await checked({ limits: { memory: "1GiB" }, ports: [{ host: 8080, container: 80 }] });
  const devices = { "port-tcp-8080": { type: "proxy", listen: "tcp:0.0.0.0:8080", connect: "tcp:127.0.0.1:80" } };
  const full = await checked({ config: { "limits.memory": "1GiB" }, devices });
  assert.equal(container.diff(short, full).changes, false);
  const other = await checked({ limits: { memory: "2GiB" }, ports: [{ host: 8080, container: 80 }] });
  assert.deepEqual(
    container.diff(short, other).details?.map(({ path }) => path),
    [["config", "limits.memory"]],
  );
});
