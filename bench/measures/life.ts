/** The life of a container, from its image to its end, and copies of it. */
import type { Measure } from "./measure";
import { big, one, removeRunning, running, stopped, stoppedBig } from "./scenes";

export const lifeMeasures: readonly Measure[] = [
  {
    name: "launch",
    unit: "ms",
    title: "create, start, first exec",
    target: 1 / 8,
    async round(column, { time }) {
      const { subject, pool } = column;
      await time(async () => {
        await subject.create(one(column), "small", pool);
        await subject.start(one(column));
        await subject.exec(one(column));
      });
      await removeRunning(column);
    },
  },
  {
    name: "create",
    unit: "ms",
    title: "create",
    async round(column, { time }) {
      await time(() => column.subject.create(one(column), "small", column.pool));
      await column.subject.delete(one(column));
    },
  },
  {
    name: "start",
    unit: "ms",
    title: "start",
    scene: stopped,
    async round(column, { time }) {
      await time(() => column.subject.start(one(column)));
      await column.subject.forceStop(one(column));
    },
  },
  {
    name: "exec",
    unit: "ms",
    title: "exec of true",
    target: 1 / 4,
    scene: running,
    round: (column, { time }) => time(() => column.subject.exec(one(column))),
  },
  {
    name: "stop",
    unit: "ms",
    title: "force stop",
    target: 1 / 40,
    scene: running,
    async round(column, { time }) {
      await time(() => column.subject.forceStop(one(column)));
      await column.subject.start(one(column));
    },
  },
  {
    name: "delete",
    unit: "ms",
    title: "delete of a stopped one",
    async round(column, { time }) {
      await column.subject.create(one(column), "small", column.pool);
      await time(() => column.subject.delete(one(column)));
    },
  },
  {
    name: "snapshot",
    unit: "ms",
    title: "snapshot of 50 MB",
    scene: stoppedBig,
    async round(column, { time }) {
      await time(() => column.subject.snapshot(big(column), "s"));
      await column.subject.deleteSnapshot(big(column), "s");
    },
  },
  {
    name: "copy",
    unit: "ms",
    title: "copy of 50 MB",
    scene: stoppedBig,
    async round(column, { time }) {
      await time(() => column.subject.copy(one(column), big(column)));
      await column.subject.delete(one(column));
    },
  },
];
