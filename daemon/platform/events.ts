/** Events: the hub behind GET /1.0/events. */
import type { WebSocket } from "ws";
import type { Event, EventType } from "../../sdk/api/event";
import type { Log } from "./log";
import { type ShareBounds, Shares } from "./processes/shares";
import { nowText } from "./time";

/** Who did something. */
export interface Actor {
  readonly username: string;
  /** "unix" for the local socket, "tls" for the network, where `username` is the certificate's fingerprint. */
  readonly protocol: string;
  readonly address: string;
}

export interface LifecycleEvent {
  /** Such as "instance-started". */
  readonly action: string;
  /** Path of the object, such as "/1.0/instances/web". */
  readonly source: string;
  readonly project: string;
  /** Of an instance: listeners are told name and project apart from the path. */
  readonly name?: string;
  readonly context?: Record<string, unknown>;
  readonly requestor?: Actor;
}

/** Whether a listener hears what happens in a project; undefined stands for the whole server. */
export type Hears = (project: string | undefined) => boolean;

interface Listener {
  readonly types: ReadonlySet<EventType>;
  readonly hears: Hears;
  readonly socket: WebSocket;
}

/** A listener that has so much unread is dropped: the daemon would keep it in memory. */
const mostUnreadBytes = 4 * 1024 * 1024;

/** Each is told everything that it may hear, and may have as much unread. */
const most: ShareBounds = { inAll: 4096, ofOne: 2048, ofOneRestricted: 64, ofRestricted: 512 };

export class Events {
  readonly #shares: Shares;
  readonly #listeners = new Set<Listener>();
  readonly #followers: ((event: LifecycleEvent) => void)[] = [];

  constructor(log: Log, bounds: ShareBounds = most) {
    this.#shares = new Shares(bounds);
    log.onEntry((entry) => this.#send("logging", entry, undefined));
  }

  /** Takes a place for a listener that is about to connect. @returns gives it back @throws ApiError UNAVAILABLE when the client has its share */
  expect(): () => void {
    return this.#shares.take("Cannot tell of events", "listeners");
  }

  /** Adds a listener; it is dropped with its connection. */
  listen(socket: WebSocket, types: ReadonlySet<EventType>, hears: Hears): void {
    const listener = { socket, types, hears };
    this.#listeners.add(listener);
    const drop = () => this.#listeners.delete(listener);
    socket.on("close", drop);
    socket.on("error", drop);
  }

  /** @param project undefined for one of the whole server */
  operation(operation: unknown, project: string | undefined): void {
    this.#send("operation", operation, project);
  }

  /** Calls a part of the daemon with every lifecycle event. */
  onLifecycle(follower: (event: LifecycleEvent) => void): void {
    this.#followers.push(follower);
  }

  lifecycle(event: LifecycleEvent): void {
    for (const follow of this.#followers) follow(event);
    const { project, ...metadata } = event;
    this.#send("lifecycle", event.name === undefined ? metadata : event, project);
  }

  #send(type: EventType, metadata: unknown, project: string | undefined): void {
    if (this.#listeners.size === 0) return;
    const event: Event = {
      type,
      timestamp: nowText(),
      metadata,
      location: "none",
      ...(project === undefined ? {} : { project }),
    };
    const text = JSON.stringify(event);
    for (const { types, socket, hears } of this.#listeners) {
      if (!types.has(type) || !hears(project)) continue;
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
