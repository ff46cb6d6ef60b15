/** Talk: lines over TCP and UDP between network namespaces, by this machine's own Node in each of them. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const execute = promisify(execFile);

const inNetns = (pid: number, code: string, ...args: string[]): string[] => [
  ...["--target", String(pid), "--net", process.execPath],
  ...["-e", code, "--", ...args],
];

const serving = `
  const [name, tcp, udp] = process.argv.slice(1);
  const ports = (text) => text.split(",").filter(Boolean).map(Number);
  const plain = (address) => address.replace("::ffff:", "");
  const tell = (line, port, from) => [String(line).trim(), name, port, plain(from)].join(" ");
  let waiting = ports(tcp).length + ports(udp).length;
  const ready = () => { waiting -= 1; if (waiting === 0) console.log("ready"); };
  for (const port of ports(tcp))
    require("node:net").createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", (line) => socket.end(tell(line, port, socket.remoteAddress)));
    }).listen(port, "::", ready);
  for (const port of ports(udp)) {
    const socket = require("node:dgram").createSocket("udp6");
    socket.on("message", (line, from) => socket.send(tell(line, port, from.address), from.port, from.address));
    socket.bind(port, "::", ready);
  }`;

/** Someone who answers each line with it, a name, the port that was reached and the address that asked. Leaves with this process. */
export class Answerer implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  /** @param pid a process of the namespace */
  static async in(pid: number, name: string, tcp: readonly number[], udp: readonly number[]): Promise<Answerer> {
    const child = spawn("nsenter", inNetns(pid, serving, name, tcp.join(","), udp.join(",")), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("The one who answers has ended."))),
    ]);
    return new Answerer(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

const asking = `
  const [protocol, host, port, hex, patience] = process.argv.slice(1);
  const bytes = Buffer.from(hex, "hex");
  const end = (answer) => { process.stdout.write(answer); process.exit(0); };
  setTimeout(() => end(""), Number(patience));
  if (protocol === "tcp") {
    const socket = require("node:net").connect(Number(port), host, () => socket.write(bytes));
    socket.on("data", end);
    socket.on("error", () => end(""));
  } else {
    const socket = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.on("message", end);
    socket.on("error", () => end(""));
    socket.send(bytes, Number(port), host);
  }`;

/** Long enough for the kernel to send again what was lost on a busy machine (tcp(7): after one second, three, seven). */
const patienceMs = 10_000;
/** For what nobody is to answer. */
export const shortMs = 1500;

/** Sends some bytes from a namespace. @param pid a process of it @returns the first bytes of the answer; nothing where nobody answers in time */
export async function ask(
  pid: number,
  protocol: "tcp" | "udp",
  host: string,
  port: number,
  { bytes = Buffer.from("hello\n"), withinMs = patienceMs } = {},
): Promise<string> {
  const args = inNetns(pid, asking, protocol, host, String(port), bytes.toString("hex"), String(withinMs));
  return (await execute("nsenter", args)).stdout;
}
