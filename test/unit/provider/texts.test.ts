import assert from "node:assert/strict";
import { test } from "node:test";
import { withTexts } from "../../../provider/core/engine/texts";
import { unknownValue } from "../../../provider/core/engine/values";

test("numbers, truths and lists of words are text where the wire has nothing else", () => {
  assert.deepEqual(
    withTexts({
      config: { "security.acls": ["web", "office"], "limits.cpu": 2, "dns.zone.forward": [], "user.wrong": ["a"] },
      devices: { eth0: { type: "nic", "security.acls": ["web", unknownValue] } },
      properties: { "security.acls": [1, 2] },
      ports: [{ listenPort: 80, targetBackends: ["a", "b"] }],
    }),
    {
      config: { "security.acls": "web,office", "limits.cpu": "2", "dns.zone.forward": [], "user.wrong": ["a"] },
      devices: { eth0: { type: "nic", "security.acls": unknownValue } },
      properties: { "security.acls": "1,2" },
      ports: [{ listenPort: "80", targetBackends: ["a", "b"] }],
    },
  );
});

test("a list with a secret becomes a secret text", () => {
  const secrets = [
    ["config", "security.acls", "1"],
    ["config", "user.other"],
    ["ports", "0", "listenPort"],
  ];
  const { __secrets: found } = withTexts({
    config: { "security.acls": ["a", "b"], "user.other": "c" },
    ports: [{ listenPort: 80 }],
    __secrets: secrets,
  });
  assert.deepEqual(found, [["config", "security.acls"], ...secrets.slice(1)]);
});
