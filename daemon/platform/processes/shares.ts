/** Shares: a bound on things that are held for as long as a client likes, such as sessions. No client can have all of them. */
import { unavailable } from "../../../sdk/api/errors";
import { type Client, currentClient } from "../trace";

/** How many there may be at once. */
export interface ShareBounds {
  readonly inAll: number;
  /** Of any one client, an administrator too. */
  readonly ofOne: number;
  /** Of one restricted client. */
  readonly ofOneRestricted: number;
  /** Of all restricted clients together: what is left is for the others. */
  readonly ofRestricted: number;
}

/** The usual parts: a restricted client has a quarter, all of them three quarters, anybody else seven eighths. */
export const sharesOf = (inAll: number): ShareBounds => ({
  inAll,
  ofOne: Math.floor((inAll * 7) / 8),
  ofOneRestricted: Math.ceil(inAll / 4),
  ofRestricted: Math.floor((inAll * 3) / 4),
});

export class Shares {
  #inAll = 0;
  #ofRestricted = 0;
  readonly #ofOne = new Map<string, number>();

  constructor(private readonly bounds: ShareBounds) {}

  get isEmpty(): boolean {
    return this.#inAll === 0;
  }

  /**
   * Takes one, until it is given back. What the daemon does by itself is nobody's share.
   * @param refused begins the message: 'Cannot reach the files of "web"' @param what there are too many of: "sessions of SFTP"
   * @returns gives it back, once @throws ApiError UNAVAILABLE when the client has its share, or there are none left
   */
  take(refused: string, what: string, client: Client | undefined = currentClient()): () => void {
    const { inAll, ofOne, ofOneRestricted, ofRestricted } = this.bounds;
    const isRestricted = client?.isRestricted === true;
    const own = client === undefined ? 0 : (this.#ofOne.get(client.key) ?? 0);
    const share = isRestricted ? ofOneRestricted : ofOne;
    const tooMany = (who: string, most: number) =>
      unavailable(`${refused}: ${who} too many ${what} (${most}). End some of them, or try again later.`);
    if (this.#inAll >= inAll) throw tooMany("there are", inAll);
    if (client !== undefined && own >= share) throw tooMany("this client has", share);
    if (isRestricted && this.#ofRestricted >= ofRestricted)
      throw tooMany("restricted clients together have", ofRestricted);
    this.#count(client, 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#count(client, -1);
      isHeld = false;
    };
  }

  #count(client: Client | undefined, by: 1 | -1): void {
    this.#inAll += by;
    if (client === undefined) return;
    if (client.isRestricted) this.#ofRestricted += by;
    const own = (this.#ofOne.get(client.key) ?? 0) + by;
    if (own === 0) this.#ofOne.delete(client.key);
    else this.#ofOne.set(client.key, own);
  }
}
