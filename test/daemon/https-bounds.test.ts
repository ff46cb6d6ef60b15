/** The bounds of HTTPS, with small numbers: the door alone, without the daemon behind it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { type NetworkBounds, NetworkDoor } from "../../daemon/http/network-door";
import { warningSchema } from "../../daemon/kinds/warning/store";
import { ServerCertificate } from "../../daemon/platform/tls/server-certificate";
import { makeIdentity } from "../support/https";
import { enterOwnNetns } from "../support/netns";
import { testPlatform } from "../support/platform";

const skip = enterOwnNetns();
const friend = makeIdentity("friend");
/** Has a project alone. */
const guest = makeIdentity("guest");
const port = 8443;

const bounds: NetworkBounds = { handshakeMs: 400, headersMs: 400, idleMs: 400, connections: 100, strangers: 4 };

/** A restricted client may have four connections, which last. */
const fewAndPatient = { connections: 16, headersMs: 60_000, idleMs: 60_000 };

async function withDoor(
  work: (door: NetworkDoor) => Promise<void>,
  { proxy, ...more }: Partial<NetworkBounds> & { readonly proxy?: string } = {},
): Promise<void> {
  const state = mkdtempSync(path.join(tmpdir(), "bothy-door-"));
  const platform = testPlatform(state, [warningSchema], {});
  const trust = {
    rightsOf: (one: string) =>
      one === friend.fingerprint
        ? ("server" as const)
        : one === guest.fingerprint
          ? new Set(["lab"])
          : ("nothing" as const),
    metricsOf: () => "nothing" as const,
    isStored: () => false,
    trustsSigned: false,
    isProxy: (address: string) => address === proxy,
  };
  const door = new NetworkDoor(new ServerCertificate(platform), trust, { ...bounds, ...more });
  const inner = createServer((request, response) => {
    const { rights, address } = door.visitorOf(request);
    const who = rights === "server" ? "friend" : rights === "nothing" ? "stranger" : "guest";
    response.end(`${who} ${request.url} of ${address}`);
  });
  inner.on("clientError", (_error, socket) => socket.destroy());
  try {
    door.leadTo(inner);
    await door.move({ host: "127.0.0.1", port });
    await work(door);
  } finally {
    await door.close();
    platform.database.close();
    rmSync(state, { recursive: true });
  }
}

const secure = (isFriend: boolean) =>
  tlsConnect({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ...(isFriend ? { cert: friend.cert, key: friend.key } : {}),
  });
const secureAs = ({ cert, key }: typeof friend) =>
  tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, cert, key });
const ended = (socket: Socket) => once(socket.on("error", () => undefined).resume(), "close");

test("a handshake that is begun and not ended, headers that do not end, and silence end the connection", { skip }, () =>
  withDoor(async () => {
    const silent = connect(port, "127.0.0.1");
    const half = connect(port, "127.0.0.1");
    // The beginning of a ClientHello.
    half.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
    await Promise.all([ended(silent), ended(half)]);
    for (const bytes of ["", "GET /", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"]) {
      const socket = secure(true);
      await once(socket, "secureConnect");
      socket.write(bytes);
      await ended(socket);
    }
  }),
);

test("there is room for so many strangers, the last ones; those who are trusted take none of it", { skip }, () =>
  withDoor(async () => {
    const friends = Array.from({ length: 8 }, () => secure(true));
    await Promise.all(friends.map((socket) => once(socket, "secureConnect")));
    const strangers: Socket[] = [];
    for (let count = 0; count < 8; count += 1) {
      const socket = secure(false);
      socket.on("error", () => undefined).resume();
      await once(socket, "secureConnect");
      strangers.push(socket);
    }
    await Promise.all(strangers.slice(0, 4).map((socket) => (socket.destroyed ? undefined : once(socket, "close"))));
    assert.ok(strangers.slice(5).every((socket) => !socket.destroyed));
    for (const socket of friends) socket.write("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (const socket of friends) assert.match(await text(socket), /friend \/x/);
    const [last] = strangers.slice(-1);
    const told = new Promise<string>((resolve) => last?.once("data", (data) => resolve(String(data))));
    last?.write("GET /y HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await told, /stranger \/y/);
  }),
);

test(
  "a restricted client has its share of the connections, is told so beyond it, and leaves room for the others",
  {
    skip,
  },
  () =>
    withDoor(async () => {
      const held = Array.from({ length: 4 }, () => secureAs(guest));
      await Promise.all(held.map((socket) => once(socket, "secureConnect")));
      const ask = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      const beyond = secureAs(guest);
      beyond.write(ask);
      assert.match(await text(beyond), /^HTTP\/1\.1 503 .*this client has too many connections \(4\)/s);
      const stream = secureAs(guest);
      stream.write(ask.replace("close", "Upgrade").replace("Host", "Upgrade: websocket\r\nHost"));
      assert.match(await text(stream), /^HTTP\/1\.1 503 .*this client has too many connections/s);
      const silent = secureAs(guest);
      await ended(silent);
      const other = secure(true);
      other.write(ask);
      assert.match(await text(other), /friend \/x/);
      held[0]?.end(ask);
      assert.match(await text(held[0]!), /guest \/x/);
      const again = secureAs(guest);
      again.write(ask);
      assert.match(await text(again), /guest \/x/);
      for (const socket of held) socket.destroy();
    }, fewAndPatient),
);

test("a move that fails leaves the old address as it is, also when both are on one port", { skip }, () =>
  withDoor(async (door) => {
    await assert.rejects(door.move({ host: "192.0.2.1", port }), /this host has no such address/);
    await assert.rejects(door.move({ host: "192.0.2.1", port: 9 }), /this host has no such address/);
    const taken = createServer().listen(9443, "127.0.0.1");
    await once(taken, "listening");
    await assert.rejects(door.move({ host: "127.0.0.1", port: 9443 }), /something else listens there/);
    taken.close();
    assert.deepEqual(door.address, { host: "127.0.0.1", port });
    const socket = secure(true);
    socket.write("GET /still HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(await text(socket), /friend \/still/);
    await door.move({ host: "", port });
    await door.move({ host: "127.0.0.1", port });
    await door.move(undefined);
    await assert.rejects(once(connect(port, "127.0.0.1"), "connect"), /ECONNREFUSED/);
  }),
);

test("a client that is hung up on loses every connection but the one that asked for it", { skip }, () =>
  withDoor(async (door) => {
    const [first, second] = [secure(true), secure(true)];
    await Promise.all([first, second].map((socket) => once(socket, "secureConnect")));
    second.resume();
    first.resume();
    await new Promise((resolve) => setTimeout(resolve, 50));
    door.hangUp(friend.fingerprint, undefined);
    await Promise.all([first, second].map((socket) => (socket.destroyed ? undefined : once(socket, "close"))));
  }),
);

/** What comes back on a connection on which a proxy has said something first. */
async function saidAfter(...pieces: string[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  const secured = tlsConnect({ socket, rejectUnauthorized: false, cert: friend.cert, key: friend.key });
  secured.write("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return text(secured);
}

/** The connection ends without an answer. */
const hearsNothing = (...pieces: string[]): Promise<boolean> =>
  saidAfter(...pieces).then(
    (told) => told === "",
    () => true,
  );

const header = "PROXY TCP4 203.0.113.7 10.0.0.1 50000 8443\r\n";

test("a trusted proxy says whose a connection is, in one piece or many, or says nothing", { skip }, () =>
  withDoor(
    async () => {
      assert.match(await saidAfter(header), /friend \/x of 203\.0\.113\.7:50000$/);
      assert.match(await saidAfter(...header), /friend \/x of 203\.0\.113\.7:50000$/);
      assert.match(await saidAfter(), /friend \/x of 127\.0\.0\.1:\d+$/);
      assert.ok(await hearsNothing("PROXY TCP4 nobody\r\n"));
      const half = connect(port, "127.0.0.1");
      half.write("PROXY TCP4 203");
      await ended(half);
    },
    { proxy: "127.0.0.1" },
  ),
);

test("nobody else is believed whose a connection is", { skip }, () =>
  withDoor(async () => assert.ok(await hearsNothing(header)), { proxy: "10.0.0.1" }),
);
