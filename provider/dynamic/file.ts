/** File, as a resource. */
import * as pulumi from "@pulumi/pulumi";
import { file } from "../core/kinds/file/file";
import { manifestProperty } from "../core/kinds/file/manifest";
import { Container } from "./container";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, existing, withSecretOutput } from "./resource";

export interface FileArgs extends Omit<CommonArgs, "adopt"> {
  /** Container that has the file, running or stopped. A change replaces the file, and so does the replacement of a container given as a resource. */
  instance: Reference<Container>;
  /** Where the file is in the container, or the folder. Missing folders above it are made. A change replaces the file. */
  path: pulumi.Input<string>;
  /** Content, as UTF-8 text. Exactly one of `content`, `contentBase64` and `source` is given. */
  content?: pulumi.Input<string>;
  /** Content of any bytes, as base64. */
  contentBase64?: pulumi.Input<string>;
  /** A file or a folder of the machine that runs the program: its path, an asset or an archive. What is in it counts, not where it lies. */
  source?: pulumi.Input<string | pulumi.asset.Asset | pulumi.asset.Archive>;
  /** Permissions, octal. When absent "0644", and of files from `source` "0755" where their owner may execute them. */
  mode?: pulumi.Input<string>;
  /** Owner, as the container sees it; 0 when absent. */
  uid?: pulumi.Input<number>;
  /** Group, as the container sees it; 0 when absent. */
  gid?: pulumi.Input<number>;
}

/** A file, or a folder of files, that is kept in a container, whether it runs or not. */
export class File extends BothyResource {
  declare readonly instance: pulumi.Output<string>;
  declare readonly path: pulumi.Output<string>;
  declare readonly content: pulumi.Output<string | undefined>;
  declare readonly mode: pulumi.Output<string | undefined>;
  declare readonly uid: pulumi.Output<number>;
  declare readonly gid: pulumi.Output<number>;
  /** Sha256 of what is there: contents, modes and owners. Absent when the content is a secret. */
  declare readonly hash: pulumi.Output<string | undefined>;

  constructor(name: string, args: FileArgs, options: pulumi.CustomResourceOptions = {}) {
    const owner = args?.instance instanceof Container ? args.instance : undefined;
    super(
      file,
      name,
      {
        ...argsOf("File", name, args),
        instance: nameOf(args?.instance),
        // The check fills it in; as a secret, since it tells of contents by their hash.
        [manifestProperty]: pulumi.secret(""),
        __instanceCreatedAt: owner?.createdAt,
        __instanceId: owner?.id,
      },
      withSecretOutput(owner === undefined ? options : { deletedWith: owner, ...options }, manifestProperty),
      { instance: args?.instance },
    );
  }

  /** Reads a file that exists. @param id `<instance>/<path>`, such as `web/etc/motd` */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new File(name, args as FileArgs, existing(id, options));
  }
}
