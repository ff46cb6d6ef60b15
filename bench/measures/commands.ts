/** Command lines: a process from its start to its end. */
import { existsSync } from "node:fs";
import { stockClient } from "../subject";
import type { Measure } from "./measure";
import { one, running } from "./scenes";

const hasStockClient = () => existsSync(stockClient);

export const commandMeasures: readonly Measure[] = [
  {
    name: "command-list",
    unit: "ms",
    title: "the daemon's own command line: list, 1 container",
    isPoolless: true,
    scene: running,
    round: ({ subject }, { time }) => time(() => subject.command("list")),
  },
  {
    name: "command-exec",
    unit: "ms",
    title: "the daemon's own command line: exec of true",
    isPoolless: true,
    scene: running,
    round: (column, { time }) => time(() => column.subject.command("exec", one(column), "true")),
  },
  {
    name: "stock-list",
    unit: "ms",
    title: "the stock client: lxc list, 1 container",
    isPoolless: true,
    isFor: hasStockClient,
    scene: running,
    round: ({ subject }, { time }) => time(() => subject.stockCommand("list")),
  },
  {
    name: "stock-exec",
    unit: "ms",
    title: "the stock client: lxc exec of true",
    isPoolless: true,
    isFor: hasStockClient,
    scene: running,
    round: (column, { time }) => time(() => column.subject.stockCommand("exec", one(column), "true")),
  },
];
