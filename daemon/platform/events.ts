/** Events: the hub behind GET /1.0/events. */
import type { WebSocket } from "ws";
import type { Event, EventType } from "../../sdk/api/event";
import type { Log } from "./log";
import { nowText } from "./time";

/** Who did something. */
export interface Actor {
  readonly username: string;
  /** "unix" for the local socket. */
  readonly protocol: string;
  readonly address: string;
}

export interface LifecycleEvent {
  /** Such as "instance-started". */
  readonly action: string;
  /** Path of the object, such as "/1.0/instances/web". */
  readonly source: string;
  readonly context?: Record<string, unknown>;
  readonly requestor?: Actor;
}

interface Listener {
  readonly types: ReadonlySet<EventType>;
  readonly socket: WebSocket;
}

/** A listener that has so much unread is dropped: the daemon would keep it in memory. */
const mostUnreadBytes = 4 * 1024 * 1024;

export class Events {
  readonly #listeners = new Set<Listener>();
  readonly #followers: ((event: LifecycleEvent) => void)[] = [];

  constructor(log: Log) {
    log.onEntry((entry) => this.#send("logging", entry));
  }

  /** Adds a listener; it is dropped with its connection. */
  listen(socket: WebSocket, types: ReadonlySet<EventType>): void {
    const listener = { socket, types };
    this.#listeners.add(listener);
    const drop = () => this.#listeners.delete(listener);
    socket.on("close", drop);
    socket.on("error", drop);
  }

  operation(operation: unknown): void {
    this.#send("operation", operation);
  }

  /** Calls a part of the daemon with every lifecycle event. */
  onLifecycle(follower: (event: LifecycleEvent) => void): void {
    this.#followers.push(follower);
  }

  lifecycle(event: LifecycleEvent): void {
    for (const follow of this.#followers) follow(event);
    this.#send("lifecycle", event);
  }

  #send(type: EventType, metadata: unknown): void {
    if (this.#listeners.size === 0) return;
    const event: Event = { type, timestamp: nowText(), metadata, location: "none", project: "default" };
    const text = JSON.stringify(event);
    for (const { types, socket } of this.#listeners) {
      if (!types.has(type)) continue;
      if (socket.bufferedAmount > mostUnreadBytes) {
        socket.terminate();
        continue;
      }
      socket.send(text, (error) => {
        if (error) socket.terminate();
      });
    }
  }
}
