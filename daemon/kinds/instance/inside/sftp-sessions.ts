/** Sftp sessions: who works on the files of an instance by SFTP now. A session on the root of a stopped one ends before anything happens to that root. */

import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "../../../../sdk/api/errors";
import type { FilePlace, Native } from "../../../platform/native/index";
import { type ShareBounds, Shares, sharesOf } from "../../../platform/processes/shares";
import { type InstanceId, keyOf } from "../record";

/** Each is a process of the host. */
const most = sharesOf(512);
/** A client that works in one instance alone may have many there; some are left for the administrators. */
const mostOfInstance: ShareBounds = { inAll: 64, ofOne: 60, ofOneRestricted: 48, ofRestricted: 48 };

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
  readonly #shares = new Shares(most);
  readonly #ofInstance = new Map<string, Shares>();

  /** Begins a session. @returns its bytes @throws ApiError UNAVAILABLE when there are too many, or when the instance is being changed */
  async begin(native: Pick<Native, "sftp">, instance: InstanceId, place: FilePlace): Promise<Duplex> {
    const giveBack = this.#take(instance);
    const session = new Session(instance, place);
    this.#all.add(session);
    void session.over.then(() => {
      this.#all.delete(session);
      giveBack();
    });
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

  #take(instance: InstanceId): () => void {
    const key = keyOf(instance);
    const own = this.#ofInstance.get(key) ?? new Shares(mostOfInstance);
    const refused = `Cannot reach the files of "${instance.name}"`;
    const ofInstance = own.take(refused, "sessions of SFTP with this instance");
    try {
      const inAll = this.#shares.take(refused, "sessions of SFTP");
      this.#ofInstance.set(key, own);
      return () => {
        inAll();
        ofInstance();
        if (own.isEmpty) this.#ofInstance.delete(key);
      };
    } catch (error) {
      ofInstance();
      throw error;
    }
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
