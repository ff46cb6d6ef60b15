/** Guest events: a container hears of changes of its own configuration and devices (docs/guest-api.md). */
import { isDeepStrictEqual } from "node:util";
import type { WebSocket } from "ws";
import { changedKeys } from "../../../core/merge";
import { nowText } from "../../../platform/time";
import { type Expanded, type InstanceId, keyOf } from "../record";

export const guestEventTypes = ["config", "device"] as const;
export type GuestEventType = (typeof guestEventTypes)[number];

/** A guest that does not read is dropped: the daemon would keep what it does not read. */
const mostUnreadBytes = 256 * 1024;
const mostListeners = 8;

/** Keys that a guest may read. */
export const isGuestKey = (key: string): boolean => key.startsWith("user.") || key.startsWith("cloud-init.");

interface Listener {
  readonly socket: WebSocket;
  readonly types: ReadonlySet<GuestEventType>;
}

export class GuestEvents {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @returns whether there was room */
  listen(instance: InstanceId, socket: WebSocket, types: ReadonlySet<GuestEventType>): boolean {
    const key = keyOf(instance);
    const own = this.#listeners.get(key) ?? new Set();
    if (own.size >= mostListeners) return false;
    const listener = { socket, types };
    this.#listeners.set(key, own.add(listener));
    const drop = () => {
      own.delete(listener);
      if (own.size === 0 && this.#listeners.get(key) === own) this.#listeners.delete(key);
    };
    socket.on("close", drop).on("error", drop);
    return true;
  }

  /** Tells a container what has changed of it. @param was @param is with what its profiles bring */
  changed(instance: InstanceId, was: Expanded, is: Expanded): void {
    if (!this.#listeners.has(keyOf(instance))) return;
    for (const key of changedKeys(was.config, is.config).filter(isGuestKey))
      this.#send(instance, "config", { key, old_value: was.config[key] ?? "", value: is.config[key] ?? "" });
    for (const name of new Set([...Object.keys(was.devices), ...Object.keys(is.devices)])) {
      const [before, after] = [was.devices[name], is.devices[name]];
      if (isDeepStrictEqual(before, after)) continue;
      const action = before === undefined ? "added" : after === undefined ? "removed" : "updated";
      this.#send(instance, "device", { action, name, config: after ?? before });
    }
  }

  #send(instance: InstanceId, type: GuestEventType, metadata: unknown): void {
    const text = JSON.stringify({ type, timestamp: nowText(), metadata });
    for (const { socket, types } of this.#listeners.get(keyOf(instance)) ?? []) {
      if (!types.has(type)) continue;
      if (socket.bufferedAmount > mostUnreadBytes) socket.terminate();
      else socket.send(text, (error) => error && socket.terminate());
    }
  }
}
