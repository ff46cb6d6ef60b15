/** Carriage: what goes out of a server and into it as one file. The data are random, so that files are as large packed as unpacked. */
import { type Column, columnName, type Measure } from "./measure";
import { large, one, stoppedLarge } from "./scenes";

const maxRounds = 3;

/** Where a column's backup lies while it is carried back. */
const kept = (column: Column): string => `${one(column)}.tar.gz`;

/** Names of the instances that a column made of its backup. */
const imports = new Map<string, string[]>();

export const carriageMeasures: readonly Measure[] = [
  {
    name: "image-import",
    unit: "ms",
    title: "import of an image of 150 MB",
    target: 1,
    isPoolless: true,
    maxRounds,
    async round({ subject }, { time }) {
      // The other measures have it under its alias; a server refuses what it has already.
      await subject.removeImage("large");
      await time(() => subject.importImage("large"));
      await subject.addAlias("large");
    },
  },
  {
    name: "backup",
    unit: "ms",
    title: "backup of 150 MB, and its download",
    target: 1,
    isSlow: true,
    maxRounds,
    scene: stoppedLarge,
    async round(column, { time }) {
      const { subject } = column;
      await time(async () => {
        await subject.backup(large(column), "b");
        await subject.downloadBackup(large(column), "b", kept(column));
      });
      await subject.deleteBackup(large(column), "b");
    },
  },
  {
    name: "backup-import",
    unit: "ms",
    title: "import of that backup",
    target: 1,
    isSlow: true,
    maxRounds,
    scene: {
      async make(column) {
        const { subject } = column;
        await stoppedLarge.make(column);
        await subject.backup(large(column), "b");
        await subject.downloadBackup(large(column), "b", kept(column));
        await stoppedLarge.remove(column);
        imports.set(columnName(column), []);
      },
      async remove(column) {
        for (const name of imports.get(columnName(column)) ?? []) await column.subject.delete(name);
      },
    },
    // None is deleted between two rounds: ext4 looks for free inodes past all that were freed in the last five seconds.
    async round(column, { time }) {
      const made = imports.get(columnName(column))!;
      const name = `${large(column)}-${made.length}`;
      made.push(name);
      await time(() => column.subject.importBackup(kept(column), column.pool, name));
    },
  },
  {
    name: "publish",
    unit: "ms",
    title: "publish of 150 MB",
    target: 1,
    isSlow: true,
    maxRounds,
    scene: stoppedLarge,
    async round(column, { time }) {
      let fingerprint = "";
      await time(async () => {
        fingerprint = await column.subject.publish(large(column));
      });
      await column.subject.deleteImage(fingerprint);
    },
  },
];
