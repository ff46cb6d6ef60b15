/** Revert: undo steps declared beside the steps that they undo, run backwards unless kept. */

type Undo = () => void | Promise<void>;

/**
 * `await using undo = new Revert(log)`; after each step `undo.add(...)`; at the end `undo.keep()`.
 * A failing undo step is reported and does not stop the others.
 */
export class Revert implements AsyncDisposable {
  readonly #steps: Undo[] = [];
  readonly #report: (error: unknown) => void;

  constructor(log: { error(message: string, context?: Record<string, unknown>): void }) {
    this.#report = (error) => log.error("Cannot undo a step", { error });
  }

  add(undo: Undo): void {
    this.#steps.push(undo);
  }

  /** The work succeeded: nothing is undone. */
  keep(): void {
    this.#steps.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let undo = this.#steps.pop(); undo !== undefined; undo = this.#steps.pop()) {
      try {
        await undo();
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
