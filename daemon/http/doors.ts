/** Doors: all ways by which requests come in from the network, as one. */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Caller } from "../core/call";
import type { NetworkDoor } from "./network-door";

export class Doors {
  constructor(private readonly all: readonly [NetworkDoor, ...NetworkDoor[]]) {}

  /** Passes requests and upgrades on to the server of all routes from now on. */
  leadTo(inner: HttpServer): void {
    for (const door of this.all) door.leadTo(inner);
  }

  /** Who sent a request that came in by one of them. */
  visitorOf(request: IncomingMessage): Caller {
    return (this.all.find((door) => door.knows(request)) ?? this.all[0]).visitorOf(request);
  }

  /** Ends the connections of a client at once, websockets too. @param but the one on which the answer to this goes out */
  hangUp(fingerprint: string, but: object | undefined): void {
    for (const door of this.all) door.hangUp(fingerprint, but);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((door) => door.close()));
  }
}
