/**
 * Rule loader: rules of many networks that come at once go to the kernel in few transactions. nft reads all rules of the host before it changes some,
 * so that two hundred networks that start would have it read two hundred times as many.
 */
import { run } from "../../platform/processes/run";

interface Asked {
  readonly input: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class RuleLoader {
  #asked: Asked[] = [];
  #isLoading = false;

  /** @param load gives text to nft, as one transaction @throws whatever is wrong with it */
  constructor(private readonly load: (input: string) => Promise<unknown>) {}

  /**
   * Loads rules: at once, or together with others that wait, in the order asked.
   * @param input whole commands of nft that stand for themselves: what others ask for neither helps nor hinders them
   * @throws ApiError INTERNAL with what nft says of these commands
   */
  run(input: string): Promise<void> {
    return new Promise((done, failed) => {
      this.#asked.push({ input, done, failed });
      if (!this.#isLoading) void this.#loadAll();
    });
  }

  async #loadAll(): Promise<void> {
    this.#isLoading = true;
    while (this.#asked.length > 0) {
      const batch = this.#asked;
      this.#asked = [];
      if (!(await this.#hasLoaded(batch))) for (const one of batch) await this.#loadOne(one);
    }
    this.#isLoading = false;
  }

  /** @returns false where some of several are wrong: none of them counts then */
  async #hasLoaded(batch: readonly Asked[]): Promise<boolean> {
    if (batch.length === 1) return false;
    try {
      await this.load(batch.map(({ input }) => input).join(""));
    } catch {
      return false;
    }
    for (const { done } of batch) done();
    return true;
  }

  async #loadOne({ input, done, failed }: Asked): Promise<void> {
    try {
      await this.load(input);
      done();
    } catch (error) {
      failed(error);
    }
  }
}

/** Of this host. */
export const ruleLoader = new RuleLoader((input) => run("nft", ["-f", "-"], { input }));
