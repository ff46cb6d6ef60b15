/** Config types: what an editor offers in `config` and `devices`, made from the tables that check a program's inputs. */
import { deviceTypes } from "../sdk/api/config/device";
import { instanceKeys } from "../sdk/api/config/instance";
import { networkKeys } from "../sdk/api/config/network";
import { storagePoolKeys } from "../sdk/api/config/storage-pool";
import type { KeyRow } from "../sdk/api/config/table";

const lineWidth = 120;

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** Families and the daemon's own keys are left to the index. */
const offered = (rows: readonly KeyRow[]): KeyRow[] =>
  [...new Map(rows.map((row) => [row.key, row])).values()]
    .filter(({ key }) => !key.endsWith(".") && !key.startsWith("volatile."))
    .sort((a, b) => byName(a.key, b.key));

const familiesOf = (rows: readonly KeyRow[]): string[] =>
  [...new Set(rows.map(({ key }) => key).filter((key) => key.endsWith(".") && key !== "volatile."))].sort(byName);

const quoted = (key: string): string => (/^[a-zA-Z_]\w*$/.test(key) ? key : JSON.stringify(key));

function union(name: string, doc: string, words: readonly string[]): string {
  const members = [...words, "(string & {})"];
  const line = `export type ${name} = ${members.join(" | ")};`;
  const text = line.length <= lineWidth ? line : `export type ${name} =\n  | ${members.join("\n  | ")};`;
  return `/** ${doc} */\n${text}`;
}

function keysOf(what: string, name: string, rows: readonly KeyRow[]): string {
  const keys = offered(rows);
  const names = keys.map(({ key }) => JSON.stringify(key));
  const families = familiesOf(rows).map((family) => `\`${family}*\``);
  const members = keys.map(({ key, doc }) => `  /** ${doc} */\n  ${quoted(key)}?: Value;`);
  return [
    union(`${name}Key`, `A configuration key of ${what}.`, names),
    "",
    `/** Configuration of ${what}; beside these the families ${families.join(", ")}. */`,
    `export interface ${name}<Value> {`,
    ...members,
    "  [key: string]: Value | undefined;",
    "}",
  ].join("\n");
}

function deviceOptions(): string {
  const options = [...new Set(Object.values(deviceTypes).flatMap((rows) => Object.keys(rows)))].sort(byName);
  const types = Object.keys(deviceTypes).map((type) => JSON.stringify(type));
  return [
    union("DeviceType", "A type of devices.", types.sort(byName)),
    "",
    "/** Options of a device, of every type; check says which one has which. */",
    "export interface DeviceOptions<Value> {",
    ...options.map((option) => `  ${quoted(option)}?: Value;`),
    "  [option: string]: Value | undefined;",
    "}",
  ].join("\n");
}

/** @returns the text of provider/dynamic/config-keys.ts */
export const configTypesText = (): string =>
  [
    "/** Config keys: what an editor offers in `config` and `devices`. Made by `npm run gen` from the tables in sdk/api/config; never edited. */",
    "",
    keysOf("containers and profiles", "InstanceConfig", instanceKeys),
    "",
    keysOf("networks", "NetworkConfig", networkKeys),
    "",
    keysOf("storage pools, of every driver", "StoragePoolConfig", Object.values(storagePoolKeys).flat()),
    "",
    deviceOptions(),
    "",
  ].join("\n");
