/** The program of a server of images: serves a folder, with what rules.json in it says of some paths, and writes down who asked for what. */
import { appendFileSync, createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecure } from "node:https";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Rule } from "./image-server";

const [root = "", address = "127.0.0.1", port = "0", cert, key] = process.argv.slice(2);
const used = new Map<string, number>();

const accountOf = (authorization: string | undefined): string =>
  Buffer.from(/^Basic (.*)$/.exec(authorization ?? "")?.[1] ?? "", "base64").toString();

function ruleFor(url: string, authorization: string | undefined): Rule | undefined {
  const file = path.join(root, "rules.json");
  const rules = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Rule[]) : [];
  const found = rules.find(
    ({ id, path: part, whole, unless, times }) =>
      (whole ? url === part : url.startsWith(part)) &&
      (unless === undefined || unless !== accountOf(authorization)) &&
      (used.get(id) ?? 0) < (times ?? 1e9),
  );
  if (found !== undefined) used.set(found.id, (used.get(found.id) ?? 0) + 1);
  return found;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers } = request;
  appendFileSync(
    path.join(root, "requests"),
    `${JSON.stringify({ method, url, range: headers.range, host: headers.host })}\n`,
  );
  const rule = ruleFor(url, headers.authorization);
  if (rule?.status !== undefined) {
    response.writeHead(rule.status, rule.headers).end(rule.body ?? "");
    return;
  }
  if (rule?.endless) {
    response.writeHead(200);
    while (!response.destroyed) {
      if (!response.write(Buffer.alloc(65536, "x")))
        await Promise.race([delay(5), new Promise((r) => response.once("drain", r))]);
    }
    return;
  }
  const file = path.join(root, path.normalize(url.replace(/\?.*/, "")));
  if (!existsSync(file) || statSync(file).isDirectory()) {
    response.writeHead(404).end();
    return;
  }
  const size = statSync(file).size;
  const from = rule?.noRange ? 0 : Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  const length = { "content-length": size - from, ...rule?.headers };
  if (from > 0) response.writeHead(206, { ...length, "content-range": `bytes ${from}-${size - 1}/${size}` });
  else response.writeHead(200, length);
  if (method === "HEAD") {
    response.end();
    return;
  }
  let sent = 0;
  for await (const chunk of createReadStream(file, { start: from, highWaterMark: 16384 }) as AsyncIterable<Buffer>) {
    if (rule?.cut !== undefined && sent >= rule.cut) {
      response.destroy();
      return;
    }
    while (rule?.hold !== undefined && sent >= rule.hold && !existsSync(path.join(root, "release"))) {
      if (response.destroyed) return;
      await delay(10);
    }
    if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
    sent += chunk.length;
  }
  response.end();
}

const handle = (request: IncomingMessage, response: ServerResponse) =>
  void answer(request, response).catch(() => response.destroy());
const server =
  cert === undefined || key === undefined
    ? createPlain(handle)
    : createSecure({ cert: readFileSync(cert), key: readFileSync(key) }, handle);
// As a proxy does.
server.on("connect", (request: IncomingMessage, inner: Socket) => {
  appendFileSync(path.join(root, "requests"), `${JSON.stringify({ method: "CONNECT", url: request.url })}\n`);
  const [host = "", to = "443"] = (request.url ?? "").split(":");
  const outer = connect(Number(to), host, () => {
    inner.write("HTTP/1.1 200 OK\r\n\r\n");
    inner.pipe(outer).pipe(inner);
  });
  for (const [one, other] of [
    [inner, outer],
    [outer, inner],
  ] as const)
    one.on("error", () => undefined).on("close", () => other.destroy());
});
server.listen(Number(port), address, () => console.log("ready"));
