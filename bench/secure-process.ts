/** Secure process: asks a daemon by HTTPS from within the daemon's network namespace. Each message is a question; it answers with the mean time of a request. */
import { Agent, request } from "node:https";

export interface Question {
  readonly path: string;
  readonly times: number;
  /** Whether each request makes a connection of its own, with a whole handshake; else all go by one that is kept. */
  readonly isNew?: boolean;
}

export interface Place {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
}

export type Told = { readonly ms: number } | { readonly error: string };

// The benchmark has made the server: who else should listen there?
const isUnknown = { rejectUnauthorized: false };
const kept = new Agent({ keepAlive: true, maxSockets: 1, ...isUnknown });
const fresh = new Agent({ keepAlive: false, maxCachedSessions: 0, ...isUnknown });

function ask({ port, cert, key }: Place, { path, isNew }: Question): Promise<void> {
  return new Promise((resolve, reject) => {
    const agent = isNew ? fresh : kept;
    const call = request({ host: "127.0.0.1", port, path, cert, key, agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`GET ${path} by HTTPS: status ${answer.statusCode}`));
      answer.resume().once("end", resolve);
    });
    call.once("error", reject).end();
  });
}

async function mean(place: Place, question: Question): Promise<number> {
  if (!question.isNew) await ask(place, { ...question, path: "/" });
  const begin = performance.now();
  for (let time = 0; time < question.times; time += 1) await ask(place, question);
  return (performance.now() - begin) / question.times;
}

let place: Place | undefined;

process.on("message", (message: Place | Question) => {
  if ("port" in message) {
    place = message;
    return;
  }
  if (place === undefined) throw new Error("The place comes first.");
  mean(place, message).then(
    (ms) => process.send?.({ ms } satisfies Told),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Told),
  );
});
