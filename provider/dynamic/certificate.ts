/** Certificate, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { certificate } from "../core/kinds/certificate";
import { type Named, namesOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing } from "./resource";

export interface CertificateArgs extends CommonArgs {
  /** Certificate of the client, as PEM text. A change replaces the resource. */
  certificate: pulumi.Input<string>;
  /** Name of the client, for people; made from the resource's name when absent. */
  name?: pulumi.Input<string>;
  /** What it is for: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the resource. */
  type?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Whether the client has `projects` alone, and not the whole server. */
  restricted?: pulumi.Input<boolean>;
  /** Projects of a restricted client. */
  projects?: pulumi.Input<Reference<Named>[]>;
}

/** A client that the server trusts, by its certificate. */
export class Certificate extends BothyResource {
  declare readonly certificate: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly type: pulumi.Output<string>;
  declare readonly description: pulumi.Output<string>;
  declare readonly restricted: pulumi.Output<boolean>;
  declare readonly projects: pulumi.Output<string[]>;
  /** SHA-256 of the certificate, in 64 hexadecimal digits. */
  declare readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, options?: pulumi.CustomResourceOptions) {
    super(certificate, name, { ...argsOf("Certificate", name, args), projects: namesOf(args?.projects) }, options, {
      projects: args?.projects,
    });
  }

  /** Reads a certificate that is trusted. @param id its fingerprint */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Certificate(name, args as CertificateArgs, existing(id, options));
  }
}
