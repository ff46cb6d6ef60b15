/** Secret: which configuration keys and device options are likely to hold secrets, by the tables of all kinds. */
import { deviceTypes } from "../devices/types";
import { findRow, nearestTo } from "./table";
import { configTables } from "./tables";

const tables = configTables.flatMap((part) => Object.values(part.tables));

const rowsOf = (key: string) => tables.flatMap((table) => findRow(table, key) ?? []);

/** Rows of the keys that somebody may have meant who wrote one that no table has. */
const meantBy = (key: string) => tables.flatMap((table) => rowsOf(nearestTo(table, key) ?? ""));

/** Rows of the keys that begin with the same word. */
function neighbours(key: string) {
  const namespace = key.slice(0, key.indexOf(".") + 1);
  const isNear = (known: string) => namespace !== "" && known.startsWith(namespace);
  return tables.flatMap((table) => Object.entries(table).flatMap(([known, row]) => (isNear(known) ? [row] : [])));
}

/** Judges a key that no table has by what it may have been meant to be: LXD's `raw.qemu` as `raw.lxc`, `enviroment.X` as `environment.X`. */
export function isSecretKey(key: string): boolean {
  const rows = rowsOf(key);
  const judged = rows.length > 0 ? rows : [...meantBy(key), ...neighbours(key)];
  return judged.some((row) => row.secret);
}

/** Judges an option by every type that has it: the type may be wrong, or not known yet. */
export const isSecretOption = (option: string): boolean =>
  Object.values(deviceTypes).some(({ options }) => findRow(options, option)?.secret);
