/** Starts with many networks: until the daemon's first answer, before which all of them are up. */
import type { Life, Subject } from "../subject";
import type { Measure, Scene } from "./measure";

const count = 200;
/** "In seconds." */
const startMs = 5000;
const rounds = 5;

const names = Array.from({ length: count }, (_, number) => `benchnet${number}`);

const many: Scene = {
  async make({ subject }) {
    for (const [number, name] of names.entries())
      await subject.createNetwork(name, {
        "ipv4.address": `10.92.${number}.1/24`,
        "ipv4.nat": "true",
        "ipv6.address": `fd42:92:${number}::1/64`,
        "ipv6.nat": "true",
      });
  },
  async remove({ subject }) {
    for (const name of names) await subject.deleteNetwork(name);
  },
};

async function requireUp(subject: Subject): Promise<void> {
  const listed = (await subject.get("/1.0/networks?recursion=1")) as { name: string; status: string }[];
  const up = listed.filter(({ name, status }) => names.includes(name) && status === "Created");
  if (up.length !== count) throw new Error(`${up.length} networks of ${count} have started`);
}

const start = (name: string, title: string, end: (life: Life) => Promise<unknown>): Measure => ({
  name,
  unit: "ms",
  title,
  limit: startMs,
  isPoolless: true,
  isFor: ({ info }) => info.life !== undefined,
  maxRounds: rounds,
  scene: many,
  async round({ subject }, { time }) {
    const { life } = subject.info;
    if (life === undefined) return;
    await end(life);
    await time(() => life.start());
    await requireUp(subject);
  },
});

export const networkStartMeasures: readonly Measure[] = [
  start("networks-start", `start of the daemon with ${count} networks, which are up`, (life) => life.stop()),
  start("networks-start-killed", "the same after SIGKILL", (life) => life.kill()),
  start("networks-start-reboot", "the same after a reboot: all of them are made anew", async (life) => {
    await life.stop();
    await life.clearHost();
  }),
];
