/** Environments of test suites (docs/testing-environments.md): a copy of three small containers, their volume and their network. */
import { Environment } from "../../testing";
import type { Column, Measure, Scene } from "./measure";

const forkMs = 100;

const names = ["db", "app", "tester"];

/** What stands, by its column's subject: an environment is no thing of the daemon's own. */
const standing = new Map<Column["subject"], Environment>();

const environmentOf = ({ subject }: Column): Environment => {
  const environment = standing.get(subject);
  if (environment === undefined) throw new Error(`No environment stands at ${subject.info.name}.`);
  return environment;
};

/** Three containers of busybox, one with a volume, and a snapshot of them. */
const three: Scene = {
  async make({ subject, pool }) {
    const environment = await Environment.up(
      async (builder) => {
        const data = await builder.volume("data");
        await Promise.all(
          names.map((name) =>
            builder.container(name, {
              image: "template:busybox",
              ...(name === names[0] ? { volumes: { "/srv": data } } : {}),
            }),
          ),
        );
      },
      { endpoint: `unix://${subject.info.socketPath}`, pool, ttl: "1h" },
    );
    await environment.snapshot();
    standing.set(subject, environment);
  },
  async remove(column) {
    await environmentOf(column)[Symbol.asyncDispose]();
    standing.delete(column.subject);
  },
};

const isBothy: Measure["isFor"] = ({ info }) => info.name === "bothy";

export const environmentMeasures: readonly Measure[] = [
  {
    name: "environment-fork",
    unit: "ms",
    title: "fork of an environment of three containers, until all have their addresses",
    limit: forkMs,
    isPoolless: true,
    isFor: isBothy,
    scene: three,
    async round(column, { time }) {
      let fork: Environment | undefined;
      await time(async () => {
        fork = await environmentOf(column).fork();
      });
      await fork?.[Symbol.asyncDispose]();
    },
  },
  {
    name: "environment-fork-end",
    unit: "ms",
    title: "the end of such a fork",
    isPoolless: true,
    isFor: isBothy,
    scene: three,
    async round(column, { time }) {
      const fork = await environmentOf(column).fork();
      await time(() => fork[Symbol.asyncDispose]());
    },
  },
  {
    name: "environment-restore",
    unit: "ms",
    title: "restore of such an environment, until all have their addresses",
    isPoolless: true,
    isFor: isBothy,
    scene: three,
    round: (column, { time }) => time(() => environmentOf(column).restore()),
  },
];
