/** Trust token, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { trustToken } from "../core/kinds/trust-token";
import { type Named, namesOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing, withSecretOutput } from "./resource";

export interface TrustTokenArgs extends Omit<CommonArgs, "adopt"> {
  /** Name that the client gets; made from the resource's name when absent. A change replaces the token. */
  name?: pulumi.Input<string>;
  /** What the client is: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the token. */
  type?: pulumi.Input<string>;
  /** Whether the client has `projects` alone, and not the whole server. A change replaces the token. */
  restricted?: pulumi.Input<boolean>;
  /** Projects of a restricted client. A change replaces the token. */
  projects?: pulumi.Input<Reference<Named>[]>;
  /** When a token is made: `once` when absent; with `always` again as soon as a refresh finds that it was used or has expired. */
  trigger?: pulumi.Input<string>;
}

/** A token by which one client makes the server trust its certificate. */
export class TrustToken extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly type: pulumi.Output<string>;
  declare readonly restricted: pulumi.Output<boolean>;
  declare readonly projects: pulumi.Output<string[]>;
  declare readonly trigger: pulumi.Output<string>;
  /** What the client is given (`bothy remote add`, `lxc remote add`); a secret. */
  declare readonly token: pulumi.Output<string>;
  /** When it counts no more, in RFC 3339; absent for never. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;

  constructor(name: string, args: TrustTokenArgs = {}, options?: pulumi.CustomResourceOptions) {
    const given = { ...argsOf("TrustToken", name, args), projects: namesOf(args?.projects) };
    super(trustToken, name, given, withSecretOutput(options, "token"), { projects: args?.projects });
  }

  /** Reads a token that nobody has used yet. @param id of its operation */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    args: Pick<CommonArgs, "endpoint"> = {},
    options?: pulumi.CustomResourceOptions,
  ) {
    return new TrustToken(name, args, existing(id, options));
  }
}
