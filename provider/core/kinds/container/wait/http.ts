/** Wait for an answer over HTTP, which this machine asks the container for. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { addressIn } from "./address";
import { type ConditionKind, runningState, untilTrue, type Watch } from "./watch";

/** A request that nobody answers is given up after this, and made again. */
const patienceMs = 5000;

/** @returns the status of the answer, whose body is not read @throws Error when there is none */
function statusOf(url: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:") ? httpsRequest : httpRequest;
    // No agent: connections that are kept would outlive the wait.
    const sent = request(url, { signal, agent: false, timeout: patienceMs }, (answer) => {
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${patienceMs / 1000} seconds`)));
    sent.on("error", reject);
    sent.end();
  });
}

async function urlOf(watch: Watch): Promise<string | undefined> {
  const { url, port = 80, path = "/" } = watch.condition;
  const state = await runningState(watch);
  if (url !== undefined) return url;
  const ipv4 = addressIn(watch, state, "inet");
  const ipv6 = addressIn(watch, state, "inet6");
  if (ipv4 === undefined && ipv6 === undefined) return undefined;
  return `http://${ipv4 ?? `[${ipv6}]`}:${port}${path}`;
}

const isRight = (status: number, wanted: number | undefined): boolean =>
  wanted === undefined ? status < 400 : status === wanted;

export const http: ConditionKind = {
  missing: ({ condition: { url, port = 80, path = "/", status } }) =>
    `${url ?? `port ${port}, path ${path},`} did not answer over HTTP${status === undefined ? "" : ` with status ${status}`}`,
  until: (watch) =>
    untilTrue(watch, async () => {
      const { signal } = watch.context;
      const url = await urlOf(watch);
      if (url === undefined) {
        watch.saw("the container has no address yet");
        return false;
      }
      try {
        const status = await statusOf(url, signal);
        watch.saw(`${url} answered with status ${status}`);
        return isRight(status, watch.condition.status);
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = error as NodeJS.ErrnoException;
        watch.saw(`${url} did not answer: ${message || code}`);
        return false;
      }
    }),
};
