import assert from "node:assert/strict";
import { test } from "node:test";
import { listenersIn } from "../../../provider/core/kinds/container/wait/port";
import { stepsOf } from "../../../provider/core/kinds/container/wait/wait";

const nic = { eth0: { type: "nic", network: "lan" } };

/** What is waited for, step by step. */
const words = (...given: Parameters<typeof stepsOf>): string[] =>
  stepsOf(...given).map(({ all, any }) =>
    [...all, ...any].map(({ condition, path }) => `${path.join(".")}: ${condition.for}`).join(", "),
  );

test("without a word a container with a nic waits for an address, and then for the command that is given", () => {
  assert.deepEqual(words(undefined, nic), ["wait: ipv4"]);
  assert.deepEqual(words(undefined, {}), []);
  assert.deepEqual(words({ command: ["true"], timeoutSeconds: 1 }, nic), ["wait: ipv4", "wait: command"]);
  assert.deepEqual(words({ for: "nothing", timeoutSeconds: 1 }, nic), []);
});

test("what a program names is all that is waited for, and several things at the same time", () => {
  assert.deepEqual(words({ for: "command", command: ["true"], timeoutSeconds: 1 }, nic), ["wait: command"]);
  const lists = { all: [{ for: "systemd" as const }], any: [{ for: "ipv6" as const }, { for: "ipv4" as const }] };
  assert.deepEqual(words({ ...lists, timeoutSeconds: 1 }, nic), [
    "wait.all.0: systemd, wait.any.0: ipv6, wait.any.1: ipv4",
  ]);
});

test("ports that are listened on are told from those of connections, of both families", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:8A10 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`;
  assert.deepEqual(listenersIn(table), [22, 80]);
  assert.deepEqual(listenersIn(""), []);
});
