/** Answers: what is asked often, by the unix socket and by HTTPS. */
import type { Column, Measure } from "./measure";
import { manyCount, manyRunning, one, running } from "./scenes";

/** So many requests a sample: one alone takes less than the noise. */
const requests = 20;

const server = "/1.0";
const list = "/1.0/instances?recursion=1";

/** Lists everything with its state; every one must be running. */
async function listRunning({ subject }: Column, count: number): Promise<void> {
  const listed = (await subject.listFull()).filter(({ state }) => state?.status === "Running");
  if (listed.length !== count)
    throw new Error(`${subject.info.name} lists ${listed.length} running instances, not ${count}`);
}

export const answerMeasures: readonly Measure[] = [
  {
    name: "get-socket",
    unit: "ms",
    title: "GET /1.0 by the socket",
    target: 1,
    isPoolless: true,
    round: ({ subject }, { time }) => time(() => subject.get(server), requests),
  },
  {
    name: "get-https",
    unit: "ms",
    title: "GET /1.0 by HTTPS",
    target: 1,
    isPoolless: true,
    round: async ({ subject }, { take }) => take(await subject.secureMs({ path: server, times: requests })),
  },
  {
    name: "get-https-new",
    unit: "ms",
    title: "GET /1.0 by HTTPS, a new connection each time",
    target: 1,
    isPoolless: true,
    round: async ({ subject }, { take }) =>
      take(await subject.secureMs({ path: server, times: requests, isNew: true })),
  },
  {
    name: "state",
    unit: "ms",
    title: "GET state",
    target: 1 / 20,
    scene: running,
    round: (column, { time }) => time(() => column.subject.state(one(column))),
  },
  {
    name: "list1",
    unit: "ms",
    title: "GET instances?recursion=2, 1 container",
    isPoolless: true,
    scene: running,
    round: (column, { time }) => time(() => listRunning(column, 1)),
  },
  {
    name: "list50-short",
    unit: "ms",
    title: `GET instances?recursion=1, ${manyCount} containers`,
    target: 1,
    isPoolless: true,
    maxRounds: 10,
    scene: manyRunning,
    round: ({ subject }, { time }) => time(() => subject.get(list)),
  },
  {
    name: "list50-https",
    unit: "ms",
    title: `the same by HTTPS`,
    target: 1,
    isPoolless: true,
    maxRounds: 10,
    scene: manyRunning,
    round: async ({ subject }, { take }) => take(await subject.secureMs({ path: list, times: 1 })),
  },
  {
    name: "list50",
    unit: "ms",
    title: `GET instances?recursion=2, ${manyCount} containers`,
    isPoolless: true,
    maxRounds: 10,
    scene: manyRunning,
    round: (column, { time }) => time(() => listRunning(column, manyCount)),
  },
];
