/** Image, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { image } from "../core/kinds/image";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing } from "./resource";

export interface ImageArgs extends CommonArgs {
  /**
   * Unified tarball on the machine that runs the program; its content counts, not its path. A change of content replaces the
   * image. Exactly one of `sourceFile` and `template` is given.
   */
  sourceFile?: pulumi.Input<string>;
  /** Template that the daemon builds, such as `busybox` or `debian/12`. A change replaces the image. */
  template?: pulumi.Input<string>;
  /** Names of the image. */
  aliases?: pulumi.Input<pulumi.Input<string>[]>;
  /** Properties that are set besides those that the image brings. */
  properties?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
  /** Whether clients without a certificate may fetch the image. */
  public?: pulumi.Input<boolean>;
}

/** What containers are made from: a tarball of the program's own, or a template that the daemon builds. */
export class Image extends BothyResource {
  /** Sha256 of the image, in hexadecimal digits. */
  declare readonly fingerprint: pulumi.Output<string>;
  declare readonly aliases: pulumi.Output<string[]>;
  declare readonly properties: pulumi.Output<Record<string, string>>;
  declare readonly public: pulumi.Output<boolean>;
  /** Processor architecture, such as `x86_64`. */
  declare readonly architecture: pulumi.Output<string>;
  /** Size of the stored image, in bytes. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** When the image was built, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, options?: pulumi.CustomResourceOptions) {
    super(image, name, argsOf("Image", name, args), options);
    // The id is the same text, and a preview knows it as long as the image stays.
    this.fingerprint = this.id;
  }

  /** Reads an image that exists. @param id its fingerprint */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Image(name, args, existing(id, options));
  }
}
