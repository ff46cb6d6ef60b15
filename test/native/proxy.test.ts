/** What a proxy carries between the host and a container, in both directions and by every type of socket. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { buildGuest } from "../support/guest";
import { enterOwnNetns } from "../support/netns";
import { ownMemory, Spawner } from "./client";
import { Container, makeRoot } from "./container";
import {
  allOf,
  askFromHost,
  askFromInside,
  echo,
  hearFromHost,
  hearFromInside,
  inside,
  onHost,
  type Place,
  reach,
  serveDatagrams,
  serveInside,
  serveOnHost,
  TestProxy,
} from "./proxies";

const skip = enterOwnNetns();

describe("a proxy", { skip }, () => {
  let spawner: Spawner;
  let container: Container;
  const ends: (() => unknown)[] = [];
  before(async () => {
    spawner = await Spawner.start();
    const root = makeRoot(path.join(spawner.dir, "root"));
    buildGuest("talk", path.join(root, "bin/talk"));
    container = await Container.start(spawner, "c", { root: ["root-dir", root], command: ["sleep", "1000000"] });
  });
  after(async () => {
    for (const end of ends) await end();
    await spawner.stop();
  });

  let count = 0;
  const start = (...words: Parameters<typeof TestProxy.start>[2][]) =>
    TestProxy.start(container, `p${++count}`, ...words);
  const file = (name: string) => path.join(spawner.dir, name);
  const serveHost = async (place: Place) =>
    ends.push(place[0] === "udp" ? await serveDatagrams(place) : await serveOnHost(place, echo));

  /** A listening place and a connected one on either side, for every combination of types. */
  const types = ["tcp", "udp", "unix"] as const;
  for (const from of types)
    for (const to of types) {
      const places = (side: "host" | "instance", base: number): [Place, Place] => {
        const place = (type: Place[0], port: number): Place =>
          type !== "unix"
            ? [type, "127.0.0.1", port]
            : ["unix", side === "host" ? file(`${from}-${to}-${port}`) : `/tmp/${from}-${to}-${port}`, ""];
        return [place(from, base), place(to, base + 1)];
      };
      const at = 10_000 + types.indexOf(from) * 100 + types.indexOf(to) * 10;

      test(`carries ${from} of the host to ${to} of the instance`, async () => {
        const [[listen], [, connect]] = [places("host", at), places("instance", at)];
        await serveInside(container, connect, "echo");
        await start(onHost("listen", listen), inside("connect", connect));
        assert.equal(await hearFromHost(listen, "into the container"), "into the container");
      });

      test(`carries ${from} of the instance to ${to} of the host`, async () => {
        const [[listen], [, connect]] = [places("instance", at + 1000), places("host", at + 1000)];
        await serveHost(connect);
        await start(inside("listen", listen), onHost("connect", connect));
        assert.equal(await hearFromInside(container, listen, "out of the container"), "out of the container");
      });
    }

  test("carries abstract unix sockets, which belong to a network, in both directions", async () => {
    await serveInside(container, ["unix", "@inner", ""], "echo");
    await serveHost(["unix", "@outer", ""]);
    await start(onHost("listen", ["unix", "@to-inner", ""]), inside("connect", ["unix", "@inner", ""]));
    await start(inside("listen", ["unix", "@to-outer", ""]), onHost("connect", ["unix", "@outer", ""]));
    assert.equal(await askFromHost(["unix", "@to-inner", ""], "one"), "one");
    assert.equal(await askFromInside(container, ["unix", "@to-outer", ""], "two"), "two");
  });

  test("listens and connects at unix sockets whose path is longer than an address", async () => {
    const folder = file("x".repeat(100));
    fs.mkdirSync(folder);
    fs.symlinkSync(folder, file("s"));
    await container.sh(`mkdir -p /tmp/${"y".repeat(120)}; ln -s ${"y".repeat(120)} /tmp/s`);
    await serveInside(container, ["unix", "/tmp/s/sock", ""], "echo");
    await start(
      onHost("listen", ["unix", path.join(folder, "sock"), ""]),
      inside("connect", ["unix", `/tmp/${"y".repeat(120)}/sock`, ""]),
    );
    assert.equal(await askFromHost(["unix", file("s/sock"), ""], "far"), "far");
  });

  test("carries many listeners to one address, or each to its own", async () => {
    const port = (number: number): Place => ["tcp", "127.0.0.1", number];
    await serveInside(container, port(1), "echo");
    await serveInside(container, port(2), "count");
    await start(onHost("listen", port(13001), port(13002)), inside("connect", port(1)));
    await start(onHost("listen", port(13003), port(13004)), inside("connect", port(1), port(2)));
    assert.deepEqual(
      await Promise.all([13001, 13002, 13003, 13004].map((number) => askFromHost(port(number), "five!"))),
      ["five!", "five!", "five!", "5\n"],
    );
  });

  test("listens to both families at the wildcard of IPv6, and answers datagrams from where they were sent to", async () => {
    await serveInside(container, ["tcp", "::1", 3], "echo");
    await serveInside(container, ["udp", "127.0.0.1", 3], "echo");
    await start(onHost("listen", ["tcp", "::", 13005]), inside("connect", ["tcp", "::1", 3]));
    await start(onHost("listen", ["udp", "::", 13005]), inside("connect", ["udp", "127.0.0.1", 3]));
    await start(onHost("listen", ["udp", "0.0.0.0", 13006]), inside("connect", ["udp", "127.0.0.1", 3]));
    for (const type of ["tcp", "udp"] as const)
      for (const address of ["127.0.0.1", "127.0.0.9", "::1"])
        assert.equal(await askFromHost([type, address, 13005], address), address);
    // a client that is connected hears no other address
    assert.equal(await askFromHost(["udp", "127.0.0.8", 13006], "eight"), "eight");
  });

  test("tells the server of its client by the PROXY protocol's line, of IPv4, of IPv6, and of none", async () => {
    await serveInside(container, ["tcp", "127.0.0.1", 4], "echo");
    await start(
      onHost("listen", ["tcp", "::", 13007], ["unix", file("headed"), ""]),
      inside("connect", ["tcp", "127.0.0.1", 4]),
      ["proxy-header"],
    );
    const told = async (place: Place) => {
      const socket = await reach(place);
      const { localPort } = socket;
      socket.end("hello");
      return (await allOf(socket)).toString().replace(String(localPort), "PORT");
    };
    assert.equal(await told(["tcp", "127.0.0.7", 13007]), "PROXY TCP4 127.0.0.1 127.0.0.7 PORT 13007\r\nhello");
    assert.equal(await told(["tcp", "::1", 13007]), "PROXY TCP6 ::1 ::1 PORT 13007\r\nhello");
    assert.equal(await told(["unix", file("headed"), ""]), "PROXY UNKNOWN\r\nhello");
  });

  test("passes on that one side has ended while the other goes on", async () => {
    const port: Place = ["tcp", "127.0.0.1", 5];
    await serveInside(container, port, "count");
    await start(onHost("listen", ["tcp", "127.0.0.1", 13008]), inside("connect", port));
    // the server says how much came only after the client's end
    assert.equal(await askFromHost(["tcp", "127.0.0.1", 13008], Buffer.alloc(123_456)), "123456\n");

    ends.push(
      await serveOnHost(["tcp", "127.0.0.1", 13009], (socket) => {
        socket.end("the server has ended, ");
        void allOf(socket).then((rest) => heard(rest.toString()));
      }),
    );
    let heard: (text: string) => void = () => undefined;
    const rest = new Promise<string>((resolve) => (heard = resolve));
    await start(onHost("listen", ["unix", file("half"), ""]), onHost("connect", ["tcp", "127.0.0.1", 13009]));
    const socket = await reach(["unix", file("half"), ""]);
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.equal(first.toString(), "the server has ended, ");
    await once(socket, "end");
    socket.end("the client goes on");
    assert.equal(await rest, "the client goes on");
    socket.destroy();
  });

  for (const [type, listen, connect] of [
    ["tcp", ["tcp", "127.0.0.1", 13010], ["tcp", "127.0.0.1", 6]],
    ["unix", ["unix", "@bulk", ""], ["unix", "/tmp/bulk", ""]],
  ] as [string, Place, Place][])
    test(
      `carries 8 MiB each way by ${type} to a reader that stops for a while, and holds little of it`,
      ownMemory,
      async () => {
        await serveInside(container, connect, "echo");
        const proxy = await start(onHost("listen", listen), inside("connect", connect));
        const data = randomBytes(8 * 1024 * 1024);
        const socket = await reach(listen);
        socket.end(data);
        // paused: what the server sends back fills every buffer on the way
        await delay(300);
        const memory = Number(/^(\d+) kB$/.exec(proxy.status("VmRSS"))?.[1]);
        assert.ok(memory > 0 && memory < 2048, `${memory} KiB`);
        const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
        assert.equal(hash(await allOf(socket)), hash(data));
      },
    );

  test("carries 200 connections at once, also to a server that takes few at a time", async () => {
    await serveInside(container, ["tcp", "127.0.0.1", 7], "echo");
    await serveInside(container, ["unix", "/tmp/many", ""], "echo");
    await start(
      onHost("listen", ["tcp", "127.0.0.1", 13011], ["unix", file("many"), ""]),
      inside("connect", ["tcp", "127.0.0.1", 7], ["unix", "/tmp/many", ""]),
    );
    for (const place of [
      ["tcp", "127.0.0.1", 13011],
      ["unix", file("many"), ""],
    ] as Place[]) {
      const sockets = await Promise.all(Array.from({ length: 200 }, () => reach(place)));
      const answers = sockets.map((socket, index) => {
        socket.end(`number ${index}`);
        return allOf(socket);
      });
      assert.deepEqual(
        (await Promise.all(answers)).map(String),
        sockets.map((_, index) => `number ${index}`),
      );
    }
  });

  test("keeps clients of datagrams apart, and what they send within a session", async () => {
    await serveInside(container, ["udp", "127.0.0.1", 8], "echo");
    await start(onHost("listen", ["udp", "127.0.0.1", 13012]), inside("connect", ["udp", "127.0.0.1", 8]));
    const clients = Array.from({ length: 20 }, () => dgram.createSocket("udp4"));
    const answers = clients.map(async (client, index) => {
      client.connect(13012, "127.0.0.1");
      await once(client, "connect");
      const heard: string[] = [];
      for (const word of ["a", "b", "c"]) {
        client.send(`${word}${index}`);
        const [answer] = (await once(client, "message")) as [Buffer];
        heard.push(answer.toString());
      }
      client.close();
      return heard.join(" ");
    });
    assert.deepEqual(
      await Promise.all(answers),
      clients.map((_, index) => `a${index} b${index} c${index}`),
    );
    // the largest that there is
    const whole = "x".repeat(65_507);
    assert.equal(await askFromHost(["udp", "127.0.0.1", 13012], whole), whole);
  });

  test("closes a connection that nobody takes inside, and goes on", async () => {
    const [listen, connect]: [Place, Place] = [
      ["tcp", "127.0.0.1", 13013],
      ["tcp", "127.0.0.1", 9],
    ];
    await start(onHost("listen", listen), inside("connect", connect));
    await start(onHost("listen", ["unix", file("refused"), ""]), inside("connect", ["unix", "/tmp/refused", ""]));
    assert.equal(await askFromHost(listen, "nobody hears"), "");
    assert.equal(await askFromHost(["unix", file("refused"), ""], "nobody hears"), "");
    await serveInside(container, connect, "echo");
    await serveInside(container, ["unix", "/tmp/refused", ""], "echo");
    assert.equal(await askFromHost(listen, "now somebody does"), "now somebody does");
    assert.equal(await askFromHost(["unix", file("refused"), ""], "now somebody does"), "now somebody does");
  });

  /** A container whose proxies may open 80 files. */
  async function startPoor(): Promise<Container> {
    const poor = await Spawner.start(["prlimit", "--nofile=80:80"]);
    ends.push(() => poor.stop());
    const root = makeRoot(path.join(poor.dir, "root"));
    buildGuest("talk", path.join(root, "bin/talk"));
    return await Container.start(poor, "poor", { root: ["root-dir", root], command: ["sleep", "1000000"] });
  }

  test("forgets the client of datagrams that was silent for longest when there are too many", async () => {
    const [listen, connect]: [Place, Place] = [
      ["udp", "127.0.0.1", 13016],
      ["udp", "127.0.0.1", 10],
    ];
    const other = await startPoor();
    await serveInside(other, connect, "echo");
    const proxy = await TestProxy.start(other, "poor", onHost("listen", listen), inside("connect", connect));
    for (let client = 0; client < 200; client++) assert.equal(await askFromHost(listen, `${client}`), `${client}`);
    const open = fs.readdirSync(`/proc/${proxy.relay}/fd`).length;
    assert.ok(open > 40 && open < 60, `${open} descriptors`);
  });

  test("waits without work while it has no descriptors left, and goes on when some are free", async () => {
    const [listen, connect]: [Place, Place] = [
      ["tcp", "127.0.0.1", 13014],
      ["tcp", "127.0.0.1", 10],
    ];
    const other = await startPoor();
    await serveInside(other, connect, "echo");
    const proxy = await TestProxy.start(other, "poor", onHost("listen", listen), inside("connect", connect));
    const held = await Promise.all(Array.from({ length: 60 }, () => reach(listen)));
    await delay(200);
    const before = proxy.spent();
    await delay(1000);
    assert.ok(proxy.spent() - before < 30, `${proxy.spent() - before} hundredths of a second of a processor`);
    const answers = held.map((socket, index) => {
      socket.end(`held ${index}`);
      return allOf(socket);
    });
    assert.deepEqual(
      (await Promise.all(answers)).map(String),
      held.map((_, index) => `held ${index}`),
    );
  });

  test("neither works nor dies when the container's root destroys its listener", async () => {
    const [listen, connect]: [Place, Place] = [
      ["tcp", "127.0.0.1", 11],
      ["tcp", "127.0.0.1", 13015],
    ];
    await serveHost(connect);
    const proxy = await start(inside("listen", listen, ["tcp", "127.0.0.1", 12]), onHost("connect", connect));
    const said = await container.sh("talk destroy 11");
    // a kernel without CONFIG_INET_DIAG_DESTROY leaves nothing to test
    assert.match(said, /^(destroyed|Operation not supported)$/);
    const before = proxy.spent();
    await delay(500);
    assert.ok(proxy.spent() - before < 20, `${said}: ${proxy.spent() - before} hundredths of a second of a processor`);
    assert.equal(await askFromInside(container, ["tcp", "127.0.0.1", 12], "still here"), "still here");
  });
});
