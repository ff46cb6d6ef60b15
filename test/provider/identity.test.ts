import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { Container, Image, Network, Profile, Snapshot, StoragePool } from "../../provider";
import type { Props } from "../../provider/core/engine/values";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { PluginProcess } from "./support/plugin-process";
import type { ProviderProcess } from "./support/provider-process";

const skip = lacksContainers();

interface Door {
  readonly name: string;
  readonly start: (env: NodeJS.ProcessEnv) => Promise<ProviderProcess>;
}

const doors: readonly Door[] = [
  { name: "dynamic", start: (env) => DynamicProcess.start({ env }) },
  { name: "plugin", start: (env) => PluginProcess.start({ env }) },
];

type Asked = <T>(env: NodeJS.ProcessEnv, work: (provider: ProviderProcess) => Promise<T>) => Promise<T>;

/** Runs the work with a provider's process in such an environment. */
async function askedOf<T>(
  { start }: Door,
  env: NodeJS.ProcessEnv,
  work: (provider: ProviderProcess) => Promise<T>,
): Promise<T> {
  await using provider = await start(env);
  return await work(provider);
}

test(
  "an object is left alone when its endpoint leads to a server that does not hold it, through both doors",
  { skip },
  (t) =>
    withDaemon({ bare: true }, (one) =>
      withDaemon({ bare: true }, async (other) => {
        const [here, there] = [one, other].map(({ socket }) => ({ BOTHY_ENDPOINT: `unix://${socket}` }));
        const idOf = async ({ client }: typeof one) => (await client.getServer()).value.environment.server_uuid ?? "";
        const [id, otherId] = [await idOf(one), await idOf(other)];
        for (const door of doors) {
          const asked: Asked = (env, work) => askedOf(door, env, work);
          const both = (error: Error) => {
            for (const word of [id, otherId, one.socket, other.socket])
              assert.ok(error.message.includes(word), `${word} in: ${error.message}`);
            assert.match(error.message, /^Cannot (read|update|delete|plan) profile "small": /);
            return true;
          };
          const inputs = { name: "small", description: "a" };
          const { id: name, outs } = await asked(here!, async (provider) =>
            provider.create("profile", await provider.checked("profile", inputs)),
          );
          // The same name on the other one, as by a program that ran there.
          await other.client.createProfile({ name: "small", description: "of another" });

          await t.test(`${door.name}: read, update, delete and diff name both`, () =>
            asked(there!, async (provider) => {
              const news = await provider.checked("profile", { ...inputs, description: "b" });
              await assert.rejects(provider.read("profile", name, outs), both);
              await assert.rejects(provider.update("profile", name, outs, news), both);
              await assert.rejects(provider.delete("profile", name, outs), both);
              await assert.rejects(provider.diff("profile", name, outs, news), both);
              assert.equal((await one.client.getProfile("small")).value.description, "a");
              assert.equal((await other.client.getProfile("small")).value.description, "of another");
            }),
          );

          await t.test(
            `${door.name}: what the program itself moves to another server is made there and deleted here`,
            () =>
              asked(here!, async (provider) => {
                const endpoint = there!.BOTHY_ENDPOINT;
                const news = await provider.checked("profile", { ...inputs, endpoint });
                const { replaces } = await provider.diff("profile", name, outs, news);
                assert.deepEqual(replaces, ["endpoint"]);
              }),
          );

          await t.test(`${door.name}: an endpoint in other words that leads to the same server is no other one`, () =>
            asked(here!, async (provider) => {
              const news = await provider.checked("profile", { ...inputs, endpoint: one.socket });
              const first = await provider.diff("profile", name, outs, news);
              assert.deepEqual(first.replaces, []);
              const updated = await provider.update("profile", name, outs, news);
              const spelled = await provider.checked("profile", { ...inputs, endpoint: `unix://${one.socket}` });
              assert.deepEqual((await provider.diff("profile", name, updated, spelled)).replaces, []);
            }),
          );

          await t.test(
            `${door.name}: a state that does not know the server yet is taken, and knows it after the next read`,
            () =>
              asked(here!, async (provider) => {
                const { __server: _, ...old } = outs;
                const { outs: read, inputs: readInputs } = await provider.read("profile", name, old);
                assert.equal((read.__server as Props).uuid, id);
                assert.equal("__server" in readInputs, false, "it is not an input");
                const news = await provider.checked("profile", { ...inputs, description: "a" });
                const updated = await provider.update("profile", name, old, news);
                assert.equal((updated.__server as Props).uuid, id);
                assert.equal((await provider.diff("profile", name, old, news)).changes, false);
              }),
          );

          await t.test(
            `${door.name}: what a lost server held counts as deleted, once the user has said that it is lost`,
            () =>
              asked({ ...there!, BOTHY_LOST_SERVERS: id }, async (provider) => {
                assert.equal((await provider.read("profile", name, outs)).id, "");
                const news = await provider.checked("profile", inputs);
                const { replaces } = await provider.diff("profile", name, outs, news);
                assert.deepEqual(replaces, ["__server"], "made anew");
                await provider.delete("profile", name, outs);
                assert.equal((await other.client.getProfile("small")).value.description, "of another");
              }),
          );

          await t.test(`${door.name}: no daemon is started where the object is not`, () => {
            const state = path.join(path.dirname(one.dir), "elsewhere");
            return asked({ BOTHY_DIR: state, BOTHY_ENDPOINT: "" }, async (provider) => {
              for (const call of [
                () => provider.read("profile", name, outs),
                () => provider.delete("profile", name, outs),
                () => provider.update("profile", name, outs, inputs),
              ])
                await assert.rejects(call(), (error: Error) => {
                  assert.match(error.message, /nobody listens/);
                  assert.ok(
                    error.message.includes(one.socket) && error.message.includes(state) && error.message.includes(id),
                  );
                  return true;
                });
              assert.throws(() => rmSync(state), { code: "ENOENT" });
            });
          });

          await asked(here!, (provider) => provider.delete("profile", name, outs));
          await other.client.deleteProfile("small");
        }
      }),
    ),
);

test("resources of two daemons that are given to each other are refused by check", async () => {
  await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "unix:///run/default" } });
  const failuresOf = async (props: Props) =>
    (await provider.check("snapshot", {}, { instance: "web", name: "s", ...props })).failures;
  const a = "unix:///run/a";
  assert.deepEqual(await failuresOf({ endpoint: a, __references: { instance: a } }), {});
  assert.deepEqual(await failuresOf({ endpoint: "/run/a", __references: { instance: a } }), {}, "in other words");
  assert.deepEqual(await failuresOf({ endpoint: "/run/default", __references: { instance: "" } }), {});
  const { instance } = await failuresOf({ endpoint: "unix:///run/b", __references: { instance: a } });
  assert.match(instance ?? "", /daemon at "\/run\/a", and this one is of the daemon at "\/run\/b"/);
  const wrong = await failuresOf({ endpoint: a, __references: { instance: "" } });
  assert.deepEqual(Object.keys(wrong), ["instance"]);
});

/** What the engine gets of a program: the inputs of each resource, by its name. */
async function inputsOf(program: () => pulumi.Resource[]): Promise<Record<string, Props>> {
  const seen: Record<string, Props> = {};
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs, id }) => {
      seen[name] = inputs as Props;
      return { id: id || `${name}-id`, state: { ...inputs, name: (inputs as Props).name ?? name } };
    },
    call: () => ({}),
  });
  await Promise.all(program().map(({ urn }) => new Promise((resolve) => void urn.apply(resolve))));
  return seen;
}

test("a resource takes the endpoint of those that it is given", async () => {
  const endpoint = "unix:///run/a";
  const seen = await inputsOf(() => {
    const image = new Image("image", { template: "busybox", endpoint });
    const pool = new StoragePool("pool", { driver: "dir", endpoint });
    const network = new Network("network", { endpoint });
    const profile = new Profile("profile", { devices: { eth0: { type: "nic", network } } });
    const web = new Container("by-fingerprint", { image: image.fingerprint });
    const plain = new Container("plain", { image: "x", config: { "user.of": network.name } });
    return [
      web,
      plain,
      new Container("by-image", { image }),
      new Container("by-profile", { image: "x", profiles: [profile] }),
      new Container("by-pool", { image: "x", devices: { root: { type: "disk", path: "/", pool } } }),
      new Container("by-source", { source: { instance: web } }),
      new Snapshot("by-instance", { instance: web }),
      new Snapshot("by-name", { instance: web.name }),
      new Snapshot("by-output", { instance: pulumi.output(web) }),
      new Snapshot("own", { instance: web, endpoint: "unix:///run/b" }),
      new Snapshot("plain-snapshot", { instance: plain }),
      new Snapshot("wrong", { instance: plain, endpoint }),
    ];
  });
  const endpoints = Object.fromEntries(Object.entries(seen).map(([name, inputs]) => [name, inputs.endpoint]));
  const inherited = ["profile", "by-image", "by-profile", "by-pool", "by-fingerprint", "by-source"];
  for (const name of [...inherited, "by-instance", "by-name", "by-output"])
    assert.equal(endpoints[name], endpoint, name);
  assert.equal(endpoints.plain, undefined);
  assert.equal(endpoints["plain-snapshot"], undefined);
  assert.equal(seen["plain-snapshot"]?.__references, undefined, "nothing to say where all is local");
  assert.deepEqual(seen.own?.__references, { instance: endpoint });
  assert.deepEqual(seen.wrong?.__references, { instance: "" });
});
