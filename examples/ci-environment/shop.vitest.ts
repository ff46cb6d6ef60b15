// The same for vitest: npx vitest run
import { Environment } from "bothy/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shop } from "./shop.ts";

let base: Environment<Awaited<ReturnType<typeof shop>>>;

beforeAll(async () => {
  base = await Environment.up(shop, { ttl: "5m" });
  await base.snapshot();
}, 60_000);

afterAll(() => base?.[Symbol.asyncDispose]());

test.concurrent("orders are counted", async () => {
  await using own = await base.fork();
  const { tester } = own.result;
  await tester.run(["wget", "-qO-", "--post-data=a tent\n", "http://db/cgi-bin/orders"]);
  expect(await tester.run(["wget", "-qO-", "http://app/cgi-bin/count"])).toBe("1\n");
});

test.concurrent("another test sees none of them", async () => {
  await using own = await base.fork();
  expect(await own.result.tester.run(["wget", "-qO-", "http://app/cgi-bin/count"])).toBe("0\n");
});
