/** Secrets: each opens one image once to somebody whom the daemon does not know, or lets him send one. They live in memory alone, as operations of class token. */
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import { ref, urlOf } from "../../core/ref";
import type { RunningOperation } from "../../platform/operations";
import { isSameSecret, makeSecret } from "../../platform/secret";
import type { ImageId } from "./store";

/** What was said of an image that is to be sent, before it comes. */
export interface Awaited {
  readonly aliases: readonly { readonly name: string; readonly description: string }[];
  readonly properties: Readonly<Record<string, string>>;
  readonly public: boolean;
  readonly expires_at?: string | undefined;
}

interface Secret extends ImageId {
  readonly text: string;
  /** Absent: the image is here, and is to be given. */
  readonly awaited?: Awaited;
  readonly operation: RunningOperation;
  isUsed: boolean;
  isGiven: boolean;
}

/** LXD's servers look at the image and then fetch it, with the same secret. */
const graceMs = 5000;
/** Nobody comes any more. */
const lifeMs = 60 * 60 * 1000;

export class ImageSecrets {
  readonly #secrets = new Set<Secret>();

  constructor(private readonly changes: Changes) {}

  /** @param image where it lies, or will @param awaited of one that is to be sent here @returns the operation that tells the secret */
  issue(call: Call, image: ImageId, awaited?: Awaited): RunningOperation {
    const text = makeSecret();
    const of = ref("image", image.fingerprint, image.project);
    const operation = this.changes.start(call, {
      of: [of],
      unlocked: true,
      operation: {
        description: "Image download token",
        class: "token",
        mayCancel: true,
        resources: { images: [urlOf(of)] },
        metadata: { ...awaited, secret: text },
      },
      work: ({ signal }) =>
        new Promise<never>((_, reject) => {
          const end = () => reject(signal.reason as Error);
          if (signal.aborted) end();
          else signal.addEventListener("abort", end);
        }),
    });
    const secret: Secret = { ...image, text, operation, isUsed: false, isGiven: false, ...(awaited && { awaited }) };
    this.#secrets.add(secret);
    this.changes.tell(call, { action: "image-secret-created", of });
    setTimeout(() => this.#use(secret), lifeMs).unref();
    operation.signal.addEventListener("abort", () => {
      if (!secret.isUsed) this.#secrets.delete(secret);
    });
    return operation;
  }

  /** Its operation ends at once; what belongs together may still be asked for. */
  #use(secret: Secret): void {
    if (secret.isUsed) return;
    secret.isUsed = true;
    setTimeout(() => this.#secrets.delete(secret), graceMs).unref();
    if (!secret.operation.isFinal && !secret.operation.signal.aborted) secret.operation.cancel();
  }

  #find(text: string, isIt: (secret: Secret) => boolean): Secret | undefined {
    return [...this.#secrets].find((one) => isIt(one) && isSameSecret(one.text, text));
  }

  /** Whether a text opens an image to be looked at. */
  shows({ project, fingerprint }: ImageId, text: string): boolean {
    const secret = this.#find(text, (one) => one.awaited === undefined && isOf(one, project, fingerprint));
    if (secret === undefined || secret.isGiven) return false;
    this.#use(secret);
    return true;
  }

  /** Whether a text opens an image to be fetched: once. */
  gives(image: ImageId, text: string): boolean {
    if (!this.shows(image, text)) return false;
    const secret = this.#find(text, ({ project, fingerprint }) => isOf(image, project, fingerprint));
    if (secret !== undefined) secret.isGiven = true;
    return true;
  }

  /** What was said of an image that comes now with the secret for it, which is used up by that; nothing when it is none. */
  takeAwaited({ project, fingerprint }: ImageId, text: string): Awaited | undefined {
    const secret = this.#find(
      text,
      (one) => one.awaited !== undefined && !one.isUsed && isOf(one, project, fingerprint),
    );
    if (secret === undefined) return undefined;
    this.#secrets.delete(secret);
    this.#use(secret);
    return secret.awaited;
  }
}

const isOf = (one: ImageId, project: string, fingerprint: string): boolean =>
  one.project === project && one.fingerprint === fingerprint;
