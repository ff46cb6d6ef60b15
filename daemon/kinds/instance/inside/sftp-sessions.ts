/** Sftp sessions: who works on the files of an instance by SFTP now. A session on the root of a stopped one ends before anything happens to that root. */

import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "../../../../sdk/api/errors";
import type { FilePlace, Native } from "../../../platform/native/index";
import { type InstanceId, keyOf } from "../record";

/** Each is a process of the host. */
const most = { ofInstance: 64, inAll: 512 } as const;

/** A session that is asked to end closes at once, unless a disk keeps it waiting. */
const longestEndMs = 5000;

class Session {
  readonly key: string;
  #bytes: Duplex | undefined;
  #isEnding = false;
  #isOver = () => {};
  /** Resolves when nothing of it is left. */
  readonly over = new Promise<void>((resolve) => {
    this.#isOver = resolve;
  });

  constructor(
    instance: InstanceId,
    readonly place: FilePlace,
  ) {
    this.key = keyOf(instance);
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  has(bytes: Duplex): void {
    this.#bytes = bytes;
    bytes.on("error", () => bytes.destroy());
    bytes.once("close", () => this.gone());
    if (this.#isEnding) this.end();
  }

  gone(): void {
    this.#isOver();
  }

  /** What is still to come is for nobody: whoever waits for a reader would not see the end. */
  end(): void {
    this.#isEnding = true;
    this.#bytes?.unpipe().resume().end();
  }

  giveUp(): void {
    this.#bytes?.destroy();
  }
}

export class SftpSessions {
  readonly #all = new Set<Session>();

  /** Begins a session. @returns its bytes @throws ApiError UNAVAILABLE when there are too many, or when the instance is being changed */
  async begin(native: Pick<Native, "sftp">, instance: InstanceId, place: FilePlace): Promise<Duplex> {
    this.#requireRoom(instance);
    const session = new Session(instance, place);
    this.#all.add(session);
    void session.over.then(() => this.#all.delete(session));
    try {
      const bytes = await native.sftp(place);
      session.has(bytes);
      if (!session.isEnding) return bytes;
    } catch (error) {
      session.gone();
      throw error;
    }
    throw new ApiError("UNAVAILABLE", `Cannot reach the files of "${instance.name}": it is being changed. Try again.`);
  }

  #requireRoom(instance: InstanceId): void {
    const ofInstance = [...this.#all].filter(({ key }) => key === keyOf(instance)).length;
    if (ofInstance < most.ofInstance && this.#all.size < most.inAll) return;
    throw new ApiError(
      "UNAVAILABLE",
      `Cannot reach the files of "${instance.name}": there are too many sessions of SFTP. End one of them.`,
    );
  }

  /** Ends the sessions on a stopped instance's root, and waits until they have let go of it. */
  leaveRoot(instance: InstanceId): Promise<void> {
    return this.#end(({ key, place }) => "root" in place && key === keyOf(instance));
  }

  /** Ends all, since the daemon stops. */
  endAll(): Promise<void> {
    return this.#end(() => true);
  }

  async #end(isMeant: (session: Session) => boolean): Promise<void> {
    const meant = [...this.#all].filter(isMeant);
    for (const session of meant) session.end();
    const late = delay(longestEndMs, undefined, { ref: false }).then(() => {
      for (const session of meant) session.giveUp();
    });
    await Promise.race([late, Promise.all(meant.map(({ over }) => over))]);
  }
}
