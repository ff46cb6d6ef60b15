/** Exec, as a resource. */
import type * as pulumi from "@pulumi/pulumi";
import { exec } from "../core/kinds/exec/exec";
import { Container } from "./container";
import { nameOf, type Reference } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue } from "./resource";

export interface ExecArgs extends Omit<CommonArgs, "adopt"> {
  /** Container in which the commands run; it must be running. A change replaces the exec, and so does the replacement of a container given as a resource. */
  instance: Reference<Container>;
  /** Program and arguments that run when the resource is made, and when an input of it changes while there is no `update`. No shell is added. */
  create: pulumi.Input<pulumi.Input<string>[]>;
  /** Program and arguments that run in place of `create` when an input of the resource changes. */
  update?: pulumi.Input<pulumi.Input<string>[]>;
  /** Program and arguments that run when the resource is deleted; not when its container goes with it. */
  delete?: pulumi.Input<pulumi.Input<string>[]>;
  /** Values of which a change has `delete` run, and then `create`. */
  triggers?: pulumi.Input<pulumi.Input<ConfigValue>[]>;
  /** What the commands read from their input; nothing when absent. */
  stdin?: pulumi.Input<string>;
  /** Environment variables of the commands. */
  environment?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
  /** User by number, as the container sees it; root when absent. */
  user?: pulumi.Input<number>;
  /** Group by number, as the container sees it. */
  group?: pulumi.Input<number>;
  /** Folder in the container in which the commands run. */
  cwd?: pulumi.Input<string>;
  /** How long a command may take, in seconds; then it is killed. When absent, as long as the step (`timeouts`). */
  timeoutSeconds?: pulumi.Input<number>;
  /** Exit codes that count as success; 0 when absent. */
  exitCodes?: pulumi.Input<pulumi.Input<number>[]>;
}

/** Commands that run in a container: when the resource is made, when it changes and when it is deleted. */
export class Exec extends BothyResource {
  declare readonly instance: pulumi.Output<string>;
  /** What `create` or `update` wrote to its output, at most its last 65536 characters. Secret inputs are hidden in it. */
  declare readonly stdout: pulumi.Output<string>;
  /** What it wrote as errors, at most its last 65536 characters. Secret inputs are hidden in it. */
  declare readonly stderr: pulumi.Output<string>;
  /** Its exit code. */
  declare readonly exitCode: pulumi.Output<number>;

  constructor(name: string, args: ExecArgs, options: pulumi.CustomResourceOptions = {}) {
    const owner = args?.instance instanceof Container ? args.instance : undefined;
    super(
      exec,
      name,
      {
        ...argsOf("Exec", name, args),
        instance: nameOf(args?.instance),
        __instanceCreatedAt: owner?.createdAt,
        __instanceId: owner?.id,
      },
      owner === undefined ? options : { deletedWith: owner, ...options },
      { instance: args?.instance },
    );
  }
}
