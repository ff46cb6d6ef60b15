/** Lifecycle: what objects of a kind go through, asked of a server through one of the doors. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Props } from "../../../provider/core/engine/values";
import type { Client } from "../../../sdk";
import { DynamicProcess, unknown } from "./dynamic-process";
import { Managed } from "./managed";
import { PluginProcess } from "./plugin-process";
import type { ProviderProcess } from "./provider-process";

/** What a kind's objects go through. */
export interface Lifecycle {
  readonly kind: string;
  /** Makes what the object stands on; run once before the others. @returns what takes it away */
  readonly prepare?: (client: Client) => Promise<(() => Promise<void>) | void>;
  /** Id of an object that is not there; "none" when absent, and null where one always is. */
  readonly missingId?: string | null;
  readonly inputs: () => Props;
  /** Changes that the object takes in place. */
  readonly update: Props;
  /** Changes that need another object; absent where there is but one. */
  readonly replace?: () => Props;
  /** Those of the inputs whose change needs another object. */
  readonly replacing: readonly string[];
  /** What somebody else does to the object; absent where nobody can change one. */
  readonly drift?: (client: Client, id: string) => Promise<void>;
  /** Removes the object behind the provider's back. */
  readonly remove: (client: Client, id: string) => Promise<void>;
  readonly isThere: (client: Client, id: string) => Promise<boolean>;
  /** An output that the server adds. */
  readonly output: string;
  /** Inputs that pass check and fail on the server, and what the error says; absent where each server refuses something else. */
  readonly refused?: { readonly inputs: () => Props; readonly error: RegExp };
}

/** Whether a look finds something. */
export const found = async (look: Promise<unknown>): Promise<boolean> => {
  try {
    await look;
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "NOT_FOUND");
    return false;
  }
};

/** The name in an id of what lies in another object. */
export const lastOf = (id: string): string => id.split("/").at(-1) ?? "";

/** Has objects of several kinds go through their lives on one server, kind by kind. @param socket of the server */
export async function throughBothDoors(
  t: TestContext,
  client: Client,
  socket: string,
  kinds: readonly Lifecycle[],
): Promise<void> {
  const options = { env: { BOTHY_ENDPOINT: `unix://${socket}` } };
  await using dynamic = await DynamicProcess.start(options);
  await using plugin = await PluginProcess.start(options);
  for (const one of kinds)
    await t.test(`a ${one.kind}`, async (t) => {
      const takeAway = await one.prepare?.(client);
      await t.test("through the dynamic door", (t) => live(t, client, dynamic, one));
      await t.test("through the plugin", async (t) => {
        await live(t, client, plugin, one);
        await imports(t, plugin, one);
      });
      await takeAway?.();
    });
}

/** What only the plugin can: an object that nobody's state knows becomes a resource, and its program plans nothing. */
async function imports(t: TestContext, plugin: PluginProcess, one: Lifecycle): Promise<void> {
  await t.test("is imported by its id, and the program that made it finds nothing to do", async () => {
    const made = new Managed(plugin, one.kind);
    const given = one.inputs();
    await made.up(given);
    const imported = new Managed(plugin, one.kind);
    await imported.import(made.id);
    assert.equal(imported.id, made.id);
    assert.equal(await imported.up(given), "same");
    assert.ok(await imported.refresh());
    assert.equal(await imported.up(given), "same", "after a refresh");
    const [change, step] = one.replace === undefined ? [one.update, "update"] : [one.replace(), "replace"];
    assert.equal(await imported.up({ ...given, ...change }), step, "the program's words count from now on");
    await imported.destroy();
    // What only the first one has named is its own.
    await made.destroy();
  });
}

async function live(t: TestContext, client: Client, provider: ProviderProcess, one: Lifecycle): Promise<void> {
  const given = () => one.inputs();
  await t.test("is created, stays the same, is changed in place, is replaced and destroyed", async () => {
    const resource = new Managed(provider, one.kind);
    assert.equal(await resource.up(given()), "create");
    const { id, outs } = resource;
    assert.ok(outs[one.output], `${one.output} in ${JSON.stringify(outs)}`);
    assert.equal(await resource.up(given()), "same");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "same", "after a refresh");

    const changed = { ...given(), ...one.update };
    assert.equal(await resource.up(changed), "update");
    assert.equal(resource.id, id);
    assert.equal(await resource.up(changed), "same");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(changed), "same", "after a refresh");
    assert.equal(await resource.up(given()), "update", "back again");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given()), "same", "after going back");

    if (one.replace !== undefined) {
      const other = { ...given(), ...one.replace() };
      assert.equal(await resource.up(other), "replace");
      assert.notEqual(resource.id, id);
      assert.equal(await one.isThere(client, id), false);
      assert.equal(await resource.up(other), "same");
    }

    await resource.destroy();
    assert.equal(await one.isThere(client, resource.id), false);
    await resource.destroy();
  });

  const { drift, missingId = "none" } = one;
  if (drift !== undefined)
    await t.test("shows what somebody else changed after a refresh, and the next up puts it back", async () => {
      const resource = new Managed(provider, one.kind);
      await resource.up(given());
      await drift(client, resource.id);
      assert.ok(await resource.refresh());
      assert.equal(await resource.up(given()), "update");
      assert.ok(await resource.refresh());
      assert.equal(await resource.up(given()), "same");
      await resource.destroy();
    });

  await t.test("that somebody else deleted is gone after a refresh, and deleting it succeeds", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    await one.remove(client, resource.id);
    await resource.destroy();
    assert.equal(await resource.refresh(), false);
  });

  await t.test("is read by its id alone, as Resource.get does", async () => {
    const resource = new Managed(provider, one.kind);
    await resource.up(given());
    const read = await provider.read(one.kind, resource.id, undefined, {});
    assert.equal(read.id, resource.id);
    assert.deepEqual(read.outs[one.output], resource.outs[one.output]);
    if (missingId !== null) assert.equal((await provider.read(one.kind, missingId, undefined, {})).id, "");
    await resource.destroy();
  });

  await t.test(
    "is shown as replaced for an input that is not known yet only where its value could ask for it",
    async () => {
      const resource = new Managed(provider, one.kind);
      await resource.up(given());
      for (const property of Object.keys(given())) {
        const news = await provider.checked(one.kind, { ...given(), [property]: unknown });
        const { replaces } = await provider.diff(one.kind, resource.id, resource.outs, news);
        assert.deepEqual(replaces, one.replacing.includes(property) ? [property] : [], property);
      }
      await resource.destroy();
    },
  );

  const { refused } = one;
  if (refused !== undefined)
    await t.test("that the server refuses leaves nothing behind, and the error says which and why", async () => {
      const resource = new Managed(provider, one.kind);
      await resource.up(given());
      const inputs = await provider.checked(one.kind, refused.inputs());
      await assert.rejects(provider.create(one.kind, inputs), refused.error);
      assert.ok(await resource.refresh(), "what was there before is untouched");
      await resource.destroy();
    });
}
