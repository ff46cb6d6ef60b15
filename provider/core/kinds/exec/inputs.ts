/** Exec inputs: the commands of an exec, and what they are run with. */
import * as z from "zod";
import { InstanceName, Text } from "../../../../sdk/api/common";
import { endpoint, replacing, timeouts } from "../../engine/inputs";

const command = z.array(Text).min(1, { message: "must name a command" });

export const ExecInputs = z.strictObject({
  instance: InstanceName.meta(replacing("Container in which the commands run; it must be running.")),
  create: command.meta({
    description:
      "Program and arguments that run when the resource is made, and when an input of it changes while there is no `update`. No shell is added.",
  }),
  update: command.optional().meta({
    description: "Program and arguments that run in place of `create` when an input of the resource changes.",
  }),
  delete: command.optional().meta({
    description: "Program and arguments that run when the resource is deleted; not when its container goes with it.",
  }),
  triggers: z.array(Text).optional().meta(replacing("Values of which a change has `delete` run, and then `create`.")),
  stdin: Text.optional().meta({ description: "What the commands read from their input; nothing when absent." }),
  environment: z.record(Text, Text).optional().meta({ description: "Environment variables of the commands." }),
  user: z.int().min(0).optional().meta({ description: "User by number, as the container sees it; root when absent." }),
  group: z.int().min(0).optional().meta({ description: "Group by number, as the container sees it." }),
  cwd: Text.refine((path) => path.startsWith("/"), { message: "must be an absolute path in the container" })
    .optional()
    .meta({ description: "Folder in the container in which the commands run." }),
  timeoutSeconds: z.number().positive().optional().meta({
    description:
      "How long a command may take, in seconds; then it is killed. When absent, as long as the step (`timeouts`).",
  }),
  exitCodes: z
    .array(z.int().min(0).max(255))
    .min(1, { message: "must name a code" })
    .default([0])
    .meta({ description: "Exit codes that count as success; 0 when absent." }),
  endpoint,
  timeouts,
});
export type ExecInputs = z.output<typeof ExecInputs>;

export const ExecOutputs = z.object({
  stdout: z.string().meta({
    description:
      "What `create` or `update` wrote to its output, at most its last 65536 characters. Secret inputs are hidden in it.",
  }),
  stderr: z.string().meta({
    description: "What it wrote as errors, at most its last 65536 characters. Secret inputs are hidden in it.",
  }),
  exitCode: z.int().meta({ description: "Its exit code." }),
});
