/** Echo: a machine in a network namespace that gives back what it is sent, by TCP and UDP, on the same ports in both families. */
import { spawn } from "node:child_process";
import { once } from "node:events";

const program = `
const [dgram, net] = [require("node:dgram"), require("node:net")];
const ports = process.argv.slice(1).map(Number);
Promise.all(ports.flatMap((port) => [
  new Promise((done) => net.createServer((socket) => socket.on("error", () => socket.destroy()).pipe(socket)).listen(port, "::", done)),
  new Promise((done) => {
    const socket = dgram.createSocket("udp6");
    socket.on("message", (bytes, { port, address }) => socket.send(bytes, port, address)).bind(port, "::", done);
  }),
])).then(() => console.log("ready"));
process.stdin.resume().on("end", () => process.exit());
`;

/** Starts it; it ends when it is told to, or with this process. @param place a process of the namespace */
export async function echo(place: { readonly pid: number }, ports: readonly number[]): Promise<() => Promise<void>> {
  const inside = ["--target", String(place.pid), "--net", process.execPath, "--eval", program, ...ports.map(String)];
  const child = spawn("nsenter", inside, { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  };
}
