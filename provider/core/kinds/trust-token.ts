/** Trust token: by which one client makes a server trust it. */
import * as z from "zod";
import type { CertificateTokenShown } from "../../../sdk";
import { never, Text } from "../../../sdk/api/common";
import { inOwnWords, plainSet } from "../engine/alike";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import type { Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { ifThere, namingProperty } from "../engine/failure";
import { endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { withName } from "../engine/name";
import { secretsProperty } from "../engine/secrets";
import { compact, hiddenOf, type Props, visibleOf } from "../engine/values";
import { checkRights, clientType, rightsInputs } from "./certificate";
import { pick } from "./named";

export const TrustTokenInputs = z.strictObject({
  name: Text.min(1).meta(replacing("Name that the client gets; made from the resource's name when absent.")),
  type: clientType.meta(replacing("What the client is: `client` when absent, or `metrics` for /1.0/metrics alone.")),
  restricted: rightsInputs.restricted.meta(
    replacing("Whether the client has `projects` alone, and not the whole server."),
  ),
  projects: rightsInputs.projects.meta(replacing("Projects of a restricted client.")),
  trigger: wordOf(["once", "always"]).optional().meta({
    description:
      "When a token is made: `once` when absent; with `always` again as soon as a refresh finds that it was used or has expired.",
  }),
  endpoint,
  timeouts,
});

const alike = { projects: plainSet };
const outputs = ["token", "expiresAt"];
const tokenPath = ["token"];

/** The token is a secret in whatever state it comes to. */
function withSecretToken(props: Props): Props {
  const before = Array.isArray(props[secretsProperty]) ? (props[secretsProperty] as unknown[][]) : [];
  const others = before.filter(([first]) => first !== tokenPath[0]);
  return { ...props, [secretsProperty]: [...others, tokenPath] };
}

function liveOf(shown: CertificateTokenShown, props: Props): Live {
  const { id, token, expiresAt, name, type, restricted } = shown;
  const told = { name, type, restricted, projects: [...shown.projects] };
  const own = pick(props, Object.keys(TrustTokenInputs.shape));
  const inputs = compact({ ...own, ...inOwnWords(alike, told, props), ...hiddenOf(props) });
  const outs = { ...inputs, token, ...(expiresAt === never ? {} : { expiresAt }) };
  return { id, outs: withSecretToken(outs), inputs };
}

export const trustToken: Core = {
  kind: "trust-token",
  type: "TrustToken",
  description: "A token by which one client makes the server trust its certificate.",
  inputs: TrustTokenInputs,
  outputs: z.object({
    token: z
      .string()
      .meta({ description: "What the client is given (`bothy remote add`, `lxc remote add`).", secret: true }),
    expiresAt: z.string().optional().meta({ description: "When it counts no more, in RFC 3339; absent for never." }),
  }),
  idInputs: [],
  nameMaxLength: 63,

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    const visible = visibleOf(named);
    return {
      inputs: { ...hiddenOf(named), ...withDefaults(TrustTokenInputs, visible) },
      failures: [...checkShape(TrustTokenInputs, visible), ...checkRights(visible)],
    };
  },

  /** Tokens of one name do not meet. */
  diff: (olds, news) => ({
    ...diffProps({ schema: TrustTokenInputs, alike }, olds, news),
    deleteFirst: false,
    deleteBeforeReplace: false,
  }),

  async create({ client, signal }, news) {
    const { name, type, restricted, projects } = TrustTokenInputs.parse(visibleOf(news));
    const post = { name, type: type as "client" | "metrics", restricted, projects };
    try {
      return liveOf(await client.issueCertificateToken(post, { signal }), news);
    } catch (error) {
      throw namingProperty(error, [[/project/i, "projects"]]);
    }
  },

  /** One that is used was there for that: only who wants another one hears that it is gone. */
  async read({ client, signal }, id, props) {
    const found = await ifThere(client.getCertificateToken(id, { signal }));
    if (found !== undefined) return liveOf(found, props);
    if (props.token === undefined || props.trigger === "always") return undefined;
    const inputs = pick(props, [...Object.keys(TrustTokenInputs.shape), ...Object.keys(hiddenOf(props))]);
    return { id, outs: withSecretToken(props), inputs };
  },

  async update(_context, id, olds, news) {
    return { id, outs: withSecretToken({ ...news, ...pick(olds, outputs) }), inputs: news };
  },

  delete(context, id) {
    const { client, signal } = context;
    return untilGone(context, {
      url: `/1.0/operations/${id}`,
      remove: async () => {
        if ((await ifThere(client.getCertificateToken(id, { signal }))) !== undefined)
          await client.cancelOperation(id, { signal });
      },
      look: () => client.getCertificateToken(id, { signal }),
    });
  },
};
