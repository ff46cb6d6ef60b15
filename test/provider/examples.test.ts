/** Each kind's example, as docs/resources has it, goes through the plugin's check and preview. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import type { Props } from "../../provider/core/engine/values";
import { cores } from "../../provider/core/kinds/cores";
import { exampleOf } from "../../scripts/schema/text";
import { makeIdentity } from "../support/https";
import { PluginProcess, unknown } from "./support/plugin-process";

interface Resource {
  readonly type: string;
  readonly properties: Props;
}

const kindOf = (type: string) => cores.find((core) => `bothy:${core.type}` === type)?.kind ?? type;

/** What others make is not known in a preview. */
const withUnknowns = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    typeof one === "string" && /^\$\{.*\}$/.test(one) ? unknown : one,
  );

test("every resource of every example passes the check, and its preview tells what is known", async () => {
  const env = { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" };
  await using plugin = await PluginProcess.start({ env });
  for (const { type } of cores) {
    const { resources } = parse(exampleOf(type, "yaml")) as { resources: Record<string, Resource> };
    for (const [name, { type: token, properties }] of Object.entries(resources)) {
      plugin.resource = name;
      const inputs = withUnknowns(properties) as Props;
      // The page cannot show a whole one.
      if ("certificate" in inputs) inputs.certificate = makeIdentity().cert;
      const kind = kindOf(token);
      const { inputs: checked, failures } = await plugin.check(kind, {}, inputs);
      assert.deepEqual(failures, {}, `${type}: ${name}`);
      const { outs } = await plugin.create(kind, checked, { preview: true });
      for (const [key, value] of Object.entries(properties))
        if (typeof value === "boolean") assert.equal(outs[key], value, `${type}: ${name}.${key}`);
    }
  }
});
