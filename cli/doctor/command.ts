/** doctor: reads the host and the daemon, and says what each finding switches on or off and how to mend it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { localEndpoint } from "../../sdk/index";
import { type Command, formatOption } from "../command";
import type { Colour, Column } from "../output";
import { cellFindings } from "./cell";
import { cgroupFindings } from "./cgroups";
import { daemonFindings } from "./daemon";
import { type Finding, isUsable } from "./finding";
import { readHost } from "./host";
import { kernelFindings } from "./kernel";
import { programFindings } from "./programs";
import { containerFinding } from "./trial";

const colours: Readonly<Record<Finding["status"], Colour>> = {
  ok: "green",
  off: "yellow",
  missing: "red",
  unknown: "grey",
};

const columns: readonly Column<Finding>[] = [
  { title: "STATUS", cell: ({ status }) => status, colour: ({ status }) => colours[status] },
  { title: "SUBJECT", cell: ({ subject }) => subject },
  { title: "NEEDED FOR", cell: ({ effect }) => effect },
  { title: "FOUND", cell: ({ found }) => found },
];

/** The folder itself or, as long as it is not there, the one that it would lie in. */
const nearestFolder = (folder: string): string => (existsSync(folder) ? folder : nearestFolder(path.dirname(folder)));

/** Lets the work take away what it has made when somebody interrupts it. @throws Error that says so */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort("Interrupted.");
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

export const doctor: Command = {
  words: "",
  withoutDaemon: true,
  options: formatOption,
  details:
    'Status "off": only what is named does not work. "missing": no container can be made, and the exit code is 1.\n' +
    "As root it makes a container for a trial, by a daemon of its own beside the state folder, and takes both away.",
  run: async ({ client, output }) => {
    const host = readHost();
    // A daemon elsewhere says nothing of this host, which is what the rest is about.
    const endpoint = client.endpoint.kind === "unix" ? client.endpoint : localEndpoint();
    const folder = nearestFolder(path.dirname(endpoint.socketPath));
    const findings = await untilInterrupted(async (signal) => [
      ...(await daemonFindings(client, host)),
      ...(await cellFindings(folder)),
      await containerFinding(folder, signal),
      ...kernelFindings(host),
      ...cgroupFindings(host),
      ...programFindings(host),
    ]);
    output.list(findings, columns);
    const remedies = findings.filter(({ status, remedy }) => status !== "ok" && remedy !== undefined);
    if (remedies.length > 0) output.say("\nTo mend:");
    for (const { subject, remedy } of remedies) output.say(`  ${subject}: ${remedy}.`);
    return isUsable(findings) ? 0 : 1;
  },
};
