/** Policy: what Bothy adds to the SELinux policy of a host that has it (docs/labels.md, SELinux). */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { unavailable } from "../../sdk/api/errors";
import { findProgram } from "../../sdk/host/program";
import { hasSELinux, policyModule } from "../../sdk/host/selinux";
import type { Output } from "../output";

const execute = promisify(execFile);

const program = "semodule";
/** The module's name, which is that of its file. */
const moduleName = "bothy";

/** Loads the module, where there is SELinux; that takes some seconds. @throws ApiError UNAVAILABLE when the host's policy does not take it */
export async function loadPolicy(output: Output): Promise<void> {
  if (!hasSELinux()) return;
  if (findProgram(program) === undefined) {
    output.say(`Note: SELinux is on, and the program ${program} is missing (Debian package policycoreutils).`);
    output.say(`Containers run without a label of it until the policy has ${policyModule}.`);
    return;
  }
  try {
    await execute(program, ["--install", policyModule]);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? (error as Error).message;
    throw unavailable(
      `Cannot install the daemon as a service: the SELinux policy of this host does not take ${policyModule}: ${said}`,
      {
        cause: error,
      },
    );
  }
  output.say(`Loaded ${policyModule} into the SELinux policy: containers have labels of it.`);
}

/** Takes the module out of the policy. The files of containers keep their labels, which mean something again once it is loaded again. */
export async function unloadPolicy(output: Output): Promise<void> {
  if (!hasSELinux() || findProgram(program) === undefined) return;
  const { stdout } = await execute(program, ["--list-modules"]);
  if (!stdout.split("\n").includes(moduleName)) return;
  await execute(program, ["--remove", moduleName]);
  output.say(`Took the module ${moduleName} out of the SELinux policy.`);
}
