/** Wait for the boot: that systemd has started all it wants to, or that cloud-init is done. Both have a command that waits by itself. */
import { type ConditionKind, failed, shownLine, untilTrue, type Watch } from "./watch";

/** Codes by which an exec says that there is no such program, or none that can be run. */
const cannotRun: readonly number[] = [126, 127];

/** @throws Error when the image has no such program */
async function run(watch: Watch, what: string, ...command: string[]): Promise<{ code: number; said: string }> {
  const { client, signal } = watch.context;
  const { code, stdout, stderr } = await client.execOutput(watch.name, { command, signal });
  if (cannotRun.includes(code))
    throw failed(
      watch,
      `its image has no ${what}, so "${watch.condition.for}" cannot be waited for. Wait for something else.`,
    );
  return { code, said: `${stdout}\n${stderr}`.replace(/^[\s.]+/, "").trim() };
}

const oneLine = (text: string): string => shownLine(text.replace(/\s*\n\s*/g, "; "));

/** Of `systemctl is-system-running`: the boot is over. A unit that failed is told, and not waited for. */
const states: readonly string[] = ["running", "degraded"];
/** The container is on its way down, or stays in a shell for its administrator. */
const hopeless: readonly string[] = ["maintenance", "stopping"];

async function failedUnits(watch: Watch): Promise<string> {
  const { said } = await run(watch, "systemd", "systemctl", "list-units", "--failed", "--plain", "--no-legend");
  const units = said.split("\n").map((line) => line.trim().split(/\s+/)[0]);
  return units.filter(Boolean).join(", ");
}

export const systemd: ConditionKind = {
  missing: () => "its systemd did not end its boot",
  async until(watch) {
    watch.saw("systemd said nothing yet");
    await untilTrue(watch, async () => {
      // Before systemd answers at all the command fails at once, so it is run again.
      const { said } = await run(watch, "systemd", "systemctl", "is-system-running", "--wait");
      const state = said.split("\n")[0]?.trim() ?? "";
      watch.saw(`systemd said: ${oneLine(said)}`);
      if (hopeless.includes(state))
        throw failed(watch, `its systemd is in the state "${state}". Look at its console log.`);
      if (state === "degraded")
        watch.context.log(`Container "${watch.name}": systemd is up, but for the units ${await failedUnits(watch)}.`);
      return states.includes(state);
    });
  },
  seen: async (watch) => {
    const { said } = await run(watch, "systemd", "systemctl", "list-jobs", "--no-legend");
    return said === "" ? "systemd has no jobs under way" : `systemd is busy with: ${oneLine(said)}`;
  },
};

const statusIn = (said: string): string | undefined => /^status: (.+)$/m.exec(said)?.[1];

export const cloudInit: ConditionKind = {
  missing: () => "its cloud-init was not done",
  async until(watch) {
    watch.saw("cloud-init said nothing yet");
    await untilTrue(watch, async () => {
      const { said } = await run(watch, "cloud-init", "cloud-init", "status", "--wait", "--long");
      const status = statusIn(said);
      watch.saw(`cloud-init said: ${oneLine(said)}`);
      if (status === "error")
        throw failed(watch, `its cloud-init failed: ${oneLine(said)}. Mend its configuration, then run up again.`);
      // "disabled" is final too.
      return status === "done" || status === "disabled";
    });
  },
  seen: async (watch) => {
    const { said } = await run(watch, "cloud-init", "cloud-init", "status", "--long");
    return `cloud-init said: ${oneLine(said)}`;
  },
};
