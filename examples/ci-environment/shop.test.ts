// The suite for node:test: node --test shop.test.ts
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { Environment } from "bothy/testing";
import { shop } from "./shop.ts";

type Shop = Environment<Awaited<ReturnType<typeof shop>>>;

let base: Shop;

before(async () => {
  base = await Environment.up(shop, { ttl: "5m" });
  await base.snapshot();
});

after(() => base?.[Symbol.asyncDispose]());

/** A shop of the test's own. From Node 24 on `await using own = await base.fork()` does the same. */
async function forkFor(context: TestContext): Promise<Shop> {
  const own = await base.fork();
  context.after(() => own[Symbol.asyncDispose]());
  return own;
}

const order = ({ result }: Shop, what: string) =>
  result.tester.run(["wget", "-qO-", `--post-data=${what}\n`, "http://db/cgi-bin/orders"]);

const count = async ({ result }: Shop) => Number(await result.tester.run(["wget", "-qO-", "http://app/cgi-bin/count"]));

test("orders are counted", async (context) => {
  const own = await forkFor(context);
  await order(own, "a tent");
  await order(own, "a rope");
  assert.equal(await count(own), 2);
});

test("another test sees none of them", async (context) => {
  const own = await forkFor(context);
  assert.equal(await count(own), 0);
  await own.result.db.run(["rm", "/var/www/cgi-bin/orders"]);
  await assert.rejects(order(own, "a map"), /exit code 1/, "it may break what it has");
});

test("the application is asked from outside by a port of the host", async (context) => {
  const own = await forkFor(context);
  await order(own, "a lamp");
  const port = await own.result.app.publish(80);
  const answer = await fetch(`http://127.0.0.1:${port}/cgi-bin/count`);
  assert.equal((await answer.text()).trim(), "1");
});
