/** The page of configuration keys and device options, made from the tables in sdk/api. */
import { defaultOf } from "../sdk/api/config/describe";
import type { Applies, KeyTable, Row } from "../sdk/api/config/table";
import { type ConfigTable, configTables } from "../sdk/api/config/tables";
import { deviceTypes } from "../sdk/api/devices/types";
import { anchorOf, bullet, wrapped } from "./markdown";

const devicesTitle = "Devices";

const counts: Readonly<Record<Applies, string>> = {
  now: "at once",
  "next start": "from the container's next start on",
  "at creation": "when the object is made; it cannot be changed later",
  never: "never; the server keeps the key for itself",
};

/** What a row is worth beside its default. */
function notesOf(row: Row): string[] {
  return [
    ...(row.required ? ["Needed: it has no default"] : []),
    ...(row.computed ? ["Filled in by the server"] : []),
    ...(row.secret ? ["Likely to be secret: values stand in no error"] : []),
  ];
}

/** @param drivers of a pool that has the key, when not all have it */
function section(level: string, key: string, row: Row, example: string, drivers?: readonly string[]): string {
  const fallback = defaultOf(row);
  const since = row.extension === undefined ? "" : `; API extension \`${row.extension}\``;
  return [
    `${level} \`${key}\``,
    "",
    wrapped(row.doc),
    "",
    bullet(`Type: ${row.type.title}`),
    ...(fallback === undefined ? [] : [bullet(`Default: ${fallback}`)]),
    bullet(`A change counts: ${counts[row.applies]}`),
    ...notesOf(row).map(bullet),
    ...(drivers === undefined ? [] : [bullet(`Drivers: ${drivers.join(", ")}`)]),
    bullet(`Since: ${row.since}${since}`),
    bullet(`Example: \`${example}\``),
    "",
  ].join("\n");
}

/** A key as somebody writes it: a pattern with a name in the place of its "*". */
export const exampleKey = (key: string): string => key.replace("*", exampleNames[key] ?? "eth0");

const exampleNames: Readonly<Record<string, string>> = {
  "environment.*": "TZ",
  "image.*": "os",
  "limits.kernel.*": "nofile",
  "linux.sysctl.*": "net.ipv4.ip_forward",
  "user.*": "role",
  "volatile.*": "other",
};

/** @returns the drivers that have a key, when not all do */
function driversOf({ tables }: ConfigTable, key: string): string[] | undefined {
  const drivers = Object.keys(tables).filter((driver) => tables[driver]?.[key] !== undefined);
  return drivers.length === Object.keys(tables).length ? undefined : drivers;
}

function keysOf(part: ConfigTable): string {
  const table: KeyTable = Object.assign({}, ...Object.values(part.tables));
  const groups = [...new Set(Object.values(table).map(({ group }) => group))];
  const parts = groups.flatMap((group) => [
    `### ${part.title}: ${group}`,
    "",
    ...Object.entries(table)
      .filter(([, row]) => row.group === group)
      .map(([key, row]) => section("####", key, row, `${exampleKey(key)}=${row.example}`, driversOf(part, key))),
  ]);
  return [`## ${part.title}`, "", wrapped(part.intro), "", ...parts].join("\n");
}

function devices(): string {
  const types = Object.entries(deviceTypes).flatMap(([type, { doc, options }]) => [
    `### Device \`${type}\``,
    "",
    wrapped(doc),
    "",
    ...Object.entries(options).map(([option, row]) =>
      section("####", `${type}: ${option}`, row, `${exampleKey(option)}=${row.example}`),
    ),
  ]);
  const intro =
    "A device has a name, a `type` and the options of that type. Instances and profiles have devices; a device of an instance takes the place of a profile's device of the same name. A change of a running container's devices takes the device out and puts it in anew.";
  return [`## ${devicesTitle}`, "", wrapped(intro), "", ...types].join("\n");
}

/** Title and text of each section. Devices follow what has them. */
const sections: readonly (readonly [title: string, text: () => string])[] = configTables
  .map((part) => [part.title, () => keysOf(part)] as const)
  .toSpliced(2, 0, [devicesTitle, devices]);

/** @returns Markdown */
export function configPage(): string {
  return [
    "# Configuration",
    "",
    wrapped(
      "Made by `npm run gen` from the tables in `sdk/api/config/` and `sdk/api/devices/`. Names and meanings are LXD's. All values are text. An empty value unsets a key. A key or an option that is not on this page is refused. A `*` stands for a name of your choice.",
    ),
    "",
    wrapped(
      "Values of the type true or false may be written `true`, `yes`, `on` or `1`, and `false`, `no`, `off` or `0`. Sizes have the units `B`, `kB`, `MB`, `GB`, `TB`, `PB`, `EB`, which count by 1000, or `KiB`, `MiB`, `GiB`, `TiB`, `PiB`, `EiB`, which count by 1024.",
    ),
    "",
    ...sections.map(([title]) => `- [${title}](#${anchorOf(title)})`),
    "",
    ...sections.map(([, text]) => text()),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}
