/** The limit of inotify, of which each network's dnsmasq needs an instance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withEnoughInotify } from "../../../daemon/kinds/network/inotify-limit";
import { Log } from "../../../daemon/platform/log";
import { internal } from "../../../sdk/api/errors";

const log = new Log({ level: "error" });
const short = () =>
  internal('Cannot run "dnsmasq": exit code 5: dnsmasq: failed to create inotify: Too many open files');

/** A host whose other programs have some instances. */
class Host {
  readonly written: number[] = [];
  starts = 0;

  constructor(
    private limit: number,
    private readonly used: number,
    private readonly isWritable = true,
  ) {}

  readonly read = () => Promise.resolve(this.limit);
  readonly write = (instances: number) => {
    if (!this.isWritable) return Promise.reject(new Error("EROFS: read-only file system"));
    this.limit = instances;
    this.written.push(instances);
    return Promise.resolve();
  };
  readonly start = () => {
    this.starts += 1;
    return this.used < this.limit ? Promise.resolve() : Promise.reject(short());
  };
}

test("a host that has enough is left as it is", async () => {
  const host = new Host(128, 5);
  await withEnoughInotify(log, host.start, host);
  assert.deepEqual([host.starts, host.written], [1, []]);
});

test("dnsmasq is started again with twice as many, until it starts", async () => {
  const host = new Host(128, 300);
  await withEnoughInotify(log, host.start, host);
  assert.deepEqual([host.starts, host.written], [3, [256, 512]]);
});

test("of many that start at once none raises the limit further than one would", async () => {
  const host = new Host(128, 128);
  await Promise.all(Array.from({ length: 5 }, () => withEnoughInotify(log, host.start, host)));
  assert.deepEqual(new Set(host.written), new Set([256]));
});

test("a limit that cannot be raised is told with what to set", async () => {
  const host = new Host(128, 128, false);
  await assert.rejects(
    withEnoughInotify(log, host.start, host),
    /128 inotify instances.*Set fs\.inotify\.max_user_instances to 256/,
  );
});

test("another failure of dnsmasq is told as it is, and a limit that nobody reaches is not raised", async () => {
  const host = new Host(128, 0);
  const work = () => Promise.reject(internal('Cannot run "dnsmasq": exit code 2: failed to create listening socket'));
  await assert.rejects(withEnoughInotify(log, work, host), /listening socket/);
  const full = new Host(65_536, 70_000);
  await assert.rejects(withEnoughInotify(log, full.start, full), /Too many open files/);
  assert.deepEqual([host.written, full.written], [[], []]);
});
