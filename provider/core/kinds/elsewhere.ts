/** Elsewhere: what the kinds share that servers of LXD and Incus have and Bothy's own has not. Which keys they know is theirs to say. */
import { Config } from "../../../sdk/api/common";

/** The input `config` of such a kind. @param doc keys that are known of */
export const configElsewhere = (doc: string) =>
  Config.default({}).meta({
    description: `Configuration keys and their values, all text, as the server has them (${doc}); an empty value unsets a key.`,
  });
