/** Proxies for the tests, and traffic for them: the host's side in this process, the container's by test/native/guest/talk.c. */
import { spawn } from "node:child_process";
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Readable } from "node:stream";
import { processText } from "../support/process";
import { type Connection, connect, type Line, type Words } from "./client";
import type { Container } from "./container";

/** A type, an address and a port. */
export type Place = readonly [type: "tcp" | "udp" | "unix", address: string, port: number | ""];

export const onHost = (kind: "listen" | "connect", ...places: Place[]): Words =>
  places.map((place) => [`proxy-${kind}`, "host", ...place]);
export const inside = (kind: "listen" | "connect", ...places: Place[]): Words =>
  places.map((place) => [`proxy-${kind}`, "instance", ...place]);

export class TestProxy {
  private constructor(
    readonly control: string,
    readonly pid: number,
  ) {}

  static ask(container: Container, control: string, words: Words): Promise<Line> {
    return container.spawner.ask("proxy", container.target, container.map, ["control", control], words);
  }

  static async start(container: Container, name: string, ...words: Words): Promise<TestProxy> {
    const control = path.join(container.spawner.dir, `${name}.proxy`);
    const line = await TestProxy.ask(container, control, words);
    if (line.proxying === undefined) throw new Error(JSON.stringify(line));
    const self = new TestProxy(control, line.proxying.pid);
    container.spawner.cleanups.unshift(() => self.end());
    return self;
  }

  /** The process that moves the bytes. */
  get relay(): number {
    const [pid, more] = fs.readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim().split(" ");
    if (pid === undefined || more !== undefined) throw new Error(`the keeper has the children "${pid} ${more}"`);
    return Number(pid);
  }

  /** A field of the relay's /proc/PID/status, spaces between its words. */
  status(field: string): string {
    const found = new RegExp(`^${field}:[ \\t]*(.*)$`, "m").exec(processText(this.relay, "status"));
    return (found?.[1] ?? "").replaceAll("\t", " ");
  }

  /** Hundredths of a second of a processor that the relay has used. */
  spent(): number {
    const [user, system] = processText(this.relay, "stat").split(") ")[1]!.split(" ").slice(11, 13);
    return Number(user) + Number(system);
  }

  /** A connection to its control socket, after its greeting. */
  async watch(): Promise<Connection> {
    const connection = await connect(this.control);
    await connection.line();
    return connection;
  }

  async end(): Promise<void> {
    if (!fs.existsSync(this.control)) return;
    const connection = await connect(this.control).catch(() => undefined);
    connection?.write("end\n");
    while ((await connection?.tryLine()) !== undefined);
    connection?.close();
  }

  /** Waits until it has ended by itself. */
  async over(): Promise<void> {
    const connection = await this.watch().catch(() => undefined);
    while ((await connection?.tryLine()) !== undefined);
    connection?.close();
  }
}

const nodeAddress = ([type, address, port]: Place) =>
  type === "unix" ? { path: address.replace("@", "\0") } : { host: address, port: Number(port) };

/** A connection of the host's. */
export async function reach(place: Place): Promise<net.Socket> {
  const socket = net.connect({ ...nodeAddress(place), allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** All that comes until the end; what came before an error counts. */
export async function allOf(socket: net.Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => void socket.on("end", resolve).on("close", () => resolve()));
  socket.destroy();
  return Buffer.concat(parts);
}

/**
 * Sends, ends, and reads the answer. With nothing to send no end is told: a server that speaks first may be gone by then, and Node forgets what it
 * said (EPIPE). @returns "" when nothing came
 */
export async function askFromHost(place: Place, data: string | Buffer): Promise<string> {
  if (place[0] === "udp") return askDatagram(place, String(data));
  const socket = await reach(place);
  if (data.length > 0) socket.end(data);
  return (await allOf(socket)).toString();
}

/** Sends without an end, and hears the first answer: what is carried to datagrams and back has no end to wait for. */
export async function hearFromHost(place: Place, data: string): Promise<string> {
  if (place[0] === "udp") return askDatagram(place, data);
  const socket = await reach(place);
  socket.write(data);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString();
}

async function askDatagram([, address, port]: Place, data: string): Promise<string> {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.connect(Number(port), address);
  await once(socket, "connect");
  socket.send(data);
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer.toString();
}

/** The same from inside. */
export async function askFromInside(container: Container, place: Place, stdin: string | Buffer): Promise<string> {
  const { stdout, stderr } = await container.exec(["talk", "ask", ...place.map(String)], { stdin });
  return stdout + stderr;
}

export async function hearFromInside(container: Container, place: Place, stdin: string): Promise<string> {
  const { stdout, stderr } = await container.exec(["talk", "hear", ...place.map(String)], { stdin });
  return stdout + stderr;
}

/** Starts a server inside. */
export async function serveInside(container: Container, place: Place, mode: "echo" | "count" | "peer"): Promise<void> {
  const words = place.map((word) => `'${word}'`).join(" ");
  const said = await container.sh(`talk serve ${words} ${mode} 2>&1`);
  if (said !== "") throw new Error(said);
}

/** Starts a server on the host. @returns what ends it */
export async function serveOnHost(place: Place, serve: (socket: net.Socket) => void): Promise<() => void> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen({ ...nodeAddress(place), backlog: 4096 });
  await once(server, "listening");
  return () => void server.close();
}

export const echo = (socket: net.Socket) => void socket.pipe(socket);

export async function serveDatagrams([, address, port]: Place): Promise<() => void> {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => socket.send(message, from.port, from.address));
  socket.bind(Number(port), address);
  await once(socket, "listening");
  return () => void socket.close();
}

/** A server of the host's that says who connects. @param talk the program */
export async function servePeerOnHost(talk: string, place: Place): Promise<() => Promise<void>> {
  const child = spawn(talk, ["serve", ...place.map(String), "peer", "stay"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout as Readable, "data");
  return async () => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
}
