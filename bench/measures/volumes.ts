/** Custom volumes: made, attached to a container that runs, and kept in a snapshot. */
import type { Column, Measure, Scene } from "./measure";
import { one, running } from "./scenes";

const name = "data";

const volume: Scene = {
  make: ({ subject, pool }) => subject.createVolume(pool, name),
  remove: ({ subject, pool }) => subject.deleteVolume(pool, name),
};

/** A container that runs, with a volume beside it. */
const both: Scene = {
  async make(column) {
    await running.make(column);
    await volume.make(column);
  },
  async remove(column) {
    await running.remove(column);
    await volume.remove(column);
  },
};

const attach = (column: Column) => column.subject.attachVolume(one(column), column.pool, name);

export const volumeMeasures: readonly Measure[] = [
  {
    name: "volume-create",
    unit: "ms",
    title: "create of a volume",
    target: 1 / 4,
    async round({ subject, pool }, { time }) {
      await time(() => subject.createVolume(pool, name));
      await subject.deleteVolume(pool, name);
    },
  },
  {
    name: "volume-attach",
    unit: "ms",
    title: "attach of a volume to a running container",
    target: 1 / 4,
    scene: both,
    async round(column, { time }) {
      await time(() => attach(column));
      await column.subject.detachAll(one(column), column.pool);
    },
  },
  {
    name: "volume-snapshot",
    unit: "ms",
    title: "snapshot of a volume",
    target: 1 / 4,
    scene: volume,
    async round({ subject, pool }, { time }) {
      await time(() => subject.snapshotVolume(pool, name, "s"));
      await subject.deleteVolumeSnapshot(pool, name, "s");
    },
  },
];
