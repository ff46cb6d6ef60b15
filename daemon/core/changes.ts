/** Changes: the one way in which anything is changed: access, lock, ETag, work, event. In the background: the same within an operation. */
import type { Events } from "../platform/events";
import type { Locks } from "../platform/locks";
import type { Operations, OperationWork, RunningOperation } from "../platform/operations";
import { requireAccess } from "./access";
import type { Actor, Call } from "./call";
import { checkEtag } from "./etag";
import { contentKeyOf, lockKeyOf, type Ref, urlOf } from "./ref";

/** What listeners are told of a change. */
export interface Told {
  /** Such as "profile-renamed". */
  readonly action: string;
  readonly of: Ref;
  readonly context?: Record<string, unknown>;
}

export interface Change<T> {
  /** What is locked; a rename names both. */
  readonly of: readonly Ref[];
  /** Absent where the work tells more than one event, by `tell`. */
  readonly told?: Told;
  /** The work takes long and may be overtaken: it takes the lock itself where it needs it. */
  readonly unlocked?: boolean;
  /** Whose volumes are read for long, or go, move or change: one such change goes on at a time, while others start, stop and set the object. */
  readonly content?: readonly Ref[];
  /** What the client believes to change, and what there is. */
  readonly etag?: { readonly ifMatch: string | undefined; readonly parts: () => unknown };
  readonly work: () => Promise<T> | T;
}

export interface BackgroundChange<T> extends Omit<Change<T>, "work"> {
  readonly operation: Omit<OperationWork, "run" | "project"> & {
    /** It belongs to no project. */
    readonly isOfServer?: boolean;
  };
  /** What can be refused at once, before there is an operation; the work looks again. */
  readonly check?: () => void;
  readonly work: (operation: RunningOperation) => Promise<T> | T;
}

export class Changes {
  constructor(private readonly platform: { events: Events; locks: Locks; operations: Operations }) {}

  /** Makes a change and resolves when it is made and told. @throws ApiError FORBIDDEN, PRECONDITION_FAILED, and what the work throws */
  run<T>(call: Call, { of, told, unlocked, content = [], etag, work }: Change<T>): Promise<T> {
    requireAccess(call, of);
    const keys = [...content.map(contentKeyOf), ...(unlocked ? [] : of.map(lockKeyOf))];
    return this.platform.locks.runAll(keys, async () => {
      if (etag !== undefined) checkEtag(etag.ifMatch, etag.parts());
      const result = await work();
      if (told !== undefined && !call.isDryRun) this.tell(call, told);
      return result;
    });
  }

  /** Starts a change in the background. Access and ETag are checked at once as well. @throws ApiError FORBIDDEN, PRECONDITION_FAILED */
  start<T>(
    call: Call,
    { operation: { isOfServer, ...operation }, check, work, ...change }: BackgroundChange<T>,
  ): RunningOperation {
    if (call.isDryRun) throw new Error("A dry run ends before it starts anything in the background");
    requireAccess(call, change.of);
    if (change.etag !== undefined) checkEtag(change.etag.ifMatch, change.etag.parts());
    check?.();
    return this.platform.operations.start({
      ...operation,
      ...(isOfServer ? {} : { project: call.project }),
      run: (running) => this.run(call, { ...change, work: () => work(running) }),
    });
  }

  /** Tells listeners what was done, and who did it. */
  tell({ actor }: Call, { action, of, context }: Told): void {
    this.platform.events.lifecycle({
      action,
      source: urlOf(of),
      project: of.kind === "project" ? of.name : of.project,
      ...(of.kind === "instance" ? { name: of.name } : {}),
      ...(context === undefined ? {} : { context }),
      ...(actor === undefined ? {} : { requestor: requestorOf(actor) }),
    });
  }
}

/** What listeners hear of a caller. */
const requestorOf = ({ username, protocol, address }: Actor): Actor => ({ username, protocol, address });
