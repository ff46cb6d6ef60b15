/** Event: what happens on the server, as it happens. */
import { Readable } from "node:stream";
import { unavailable } from "../api/errors";
import { Event, type EventType } from "../api/event";
import type { CallOptions } from "./call-options";
import { withQuery } from "./request";
import { openWebSocket } from "./websocket";
import type { Wire } from "./wire";

export interface EventOptions extends CallOptions {
  /** Sorts of events; all of them when absent. */
  readonly types?: readonly EventType[];
  /** Those of every project, not of the client's alone. */
  readonly allProjects?: boolean;
}

export const eventCalls = (wire: Wire) => ({
  /**
   * Listens to events until the loop is left or the signal aborts; then the loop throws the signal's reason.
   * @throws ApiError UNAVAILABLE when the connection is lost, since events may be missed then
   * @example for await (const event of client.events({ types: ["lifecycle"] })) console.log(event.metadata);
   */
  events: async function* (options: EventOptions = {}): AsyncGenerator<Event, void, undefined> {
    const stream = await openEvents(wire, options);
    for await (const event of stream) yield event as Event;
  },

  /** Like events(), but resolves once the listening has begun: what happens afterwards is in the stream. */
  openEvents: (options: EventOptions = {}): Promise<AsyncIterable<Event> & AsyncDisposable> =>
    openEvents(wire, options),
});

async function openEvents(wire: Wire, { types, allProjects, signal }: EventOptions): Promise<Readable> {
  const all = withQuery("/1.0/events", { type: types?.join(","), "all-projects": allProjects ? "true" : undefined });
  const path = allProjects ? all : wire.scoped(all);
  const { ws } = await openWebSocket(wire.endpoint, path, signal);
  const stream = new Readable({
    objectMode: true,
    read: () => ws.resume(),
    destroy: (error, done) => {
      signal?.removeEventListener("abort", aborted);
      ws.terminate();
      done(error);
    },
  });
  const aborted = () => stream.destroy(signal?.reason);
  if (signal?.aborted) aborted();
  signal?.addEventListener("abort", aborted, { once: true });
  ws.on("message", (data) => {
    const event = Event.safeParse(JSON.parse(String(data)));
    if (event.success && !stream.push(event.data)) ws.pause();
  });
  ws.on("close", () =>
    stream.destroy(unavailable("Cannot listen to events any more: the daemon ended the connection. Listen again.")),
  );
  return stream;
}
