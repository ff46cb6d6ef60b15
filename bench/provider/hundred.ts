/** Hundred: a program of a hundred containers by the real engine, through each door, and as many resources that do nothing beside it. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { useEngine } from "../../scripts/scene/engine";
import { TestStack } from "../../test/provider/support/stack";
import type { Subject } from "../subject";
import { markdownTable } from "../table";
import { type Door, doors, programOf, resourceCount, type Size } from "./programs";
import { type Shares, sharesOf } from "./shares";

export const hundredName = "provider-100";

const size: Size = { containers: 100, networks: 10, volumes: 20 };
const steps = ["up", "preview without a change", "refresh", "update of the profile", "destroy"] as const;
/** What the provider may take for a resource in an up, beyond what Pulumi takes for one that does nothing. */
const ownShareMs = 10;

const bin = path.resolve(__dirname, "../../../bin");
const plugin = `plugins:\n  providers:\n    - { name: bothy, path: ${bin} }\n`;

interface Step {
  readonly door: Door;
  readonly step: (typeof steps)[number];
  readonly shares: Shares;
}

export interface Hundred {
  readonly steps: readonly Step[];
}

interface HundredOptions {
  readonly signal: AbortSignal;
  /** Gets what there is after each step. */
  readonly note: (hundred: Hundred) => void;
}

/** @param subject with an image "small"; nothing is left of the program in it */
export async function takeHundred(subject: Subject, pool: string, { signal, note }: HundredOptions): Promise<void> {
  if (!useEngine()) {
    console.error(`Left out: ${hundredName}: there is no engine of Pulumi.`);
    return;
  }
  const endpoint = `unix://${subject.info.socketPath}`;
  const taken: Step[] = [];
  for (const door of doors)
    await TestStack.with({ BOTHY_ENDPOINT: endpoint }, async (stack) => {
      const about = `name: app\nruntime: nodejs\nmain: index.js\n${door === "plugin" ? plugin : ""}`;
      writeFileSync(path.join(stack.folder, "Pulumi.yaml"), about);
      const program = (text: string) => programOf(door, size, { endpoint, pool: subject.poolName(pool) }, text);
      const take = async (step: Step["step"], work: () => Promise<unknown>) => {
        signal.throwIfAborted();
        taken.push({ door, step, shares: await sharesOf(subject.info.pids, work) });
        note({ steps: [...taken] });
        console.error(`Measured: ${step} by the door ${door}`);
      };
      try {
        await take("up", () => stack.must(stack.up(program("one"))));
        await take("preview without a change", () => stack.noChanges());
        await take("refresh", () => stack.must(stack.refresh()));
        await take("update of the profile", () => stack.must(stack.up(program("two"))));
      } finally {
        await take("destroy", () => stack.must(stack.destroy()));
      }
    });
}

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);

/** The provider's time for a resource beyond that of one that does nothing. */
function ownShare({ steps: all }: Hundred, { door, step, shares }: Step): number | undefined {
  const trivial = all.find((other) => other.door === "trivial" && other.step === step);
  if (trivial === undefined || door === "trivial") return undefined;
  return (shares.provider - trivial.shares.provider) / resourceCount(size);
}

export function hundredText(hundred: Hundred): string {
  const head = ["step", "door", "on the clock (s)", "engine (s)", "provider (s)", "program (s)", "daemon (s)"];
  const rows = steps.flatMap((step) =>
    doors.flatMap((door) => {
      const one = hundred.steps.find((other) => other.door === door && other.step === step);
      if (one === undefined) return [];
      const { wall, engine, provider, program, daemon } = one.shares;
      const share = ownShare(hundred, one);
      const daemonText = door === "trivial" ? "" : seconds(daemon);
      const own = share === undefined ? "" : share.toFixed(1);
      return [[step, door, ...[wall, engine, provider, program].map(seconds), daemonText, own]];
    }),
  );
  const { containers, networks, volumes } = size;
  return [
    `${containers} containers with ${networks} networks, ${volumes} volumes and a profile of all; beside them ${resourceCount(size)} dynamic`,
    "resources that do nothing (trivial). All but the time on the clock is processor time. The last column",
    `is the provider's for a resource, beyond that for one that does nothing (at most ${ownShareMs} ms in an up).`,
    "",
    markdownTable([...head, "provider, own (ms)"], rows),
  ].join("\n");
}
