/** Config types: what an editor offers in `config` and `devices`, made from the tables that check a program's inputs. */
import { describe } from "../sdk/api/config/describe";
import { instanceKeys } from "../sdk/api/config/instance";
import { networkKeys } from "../sdk/api/config/network";
import { networkForwardKeys } from "../sdk/api/config/network-forward";
import { networkZoneKeys } from "../sdk/api/config/network-zone";
import { projectKeys } from "../sdk/api/config/project";
import { serverKeys } from "../sdk/api/config/server";
import { storagePoolKeys } from "../sdk/api/config/storage-pool";
import { filesystemVolumeKeys } from "../sdk/api/config/storage-volume";
import type { KeyTable } from "../sdk/api/config/table";
import { deviceTypes } from "../sdk/api/devices/types";

const lineWidth = 120;

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** The daemon's own keys are left to the index. */
const namesOf = (table: KeyTable): string[] =>
  Object.keys(table)
    .filter((key) => !key.startsWith("volatile."))
    .sort(byName);

const isPattern = (key: string): boolean => key.includes("*");

const quoted = (key: string): string => (/^[a-zA-Z_]\w*$/.test(key) ? key : JSON.stringify(key));

function union(name: string, doc: string, words: readonly string[]): string {
  const members = [...words, "(string & {})"];
  const line = `export type ${name} = ${members.join(" | ")};`;
  const text = line.length <= lineWidth ? line : `export type ${name} =\n  | ${members.join("\n  | ")};`;
  return `/** ${doc} */\n${text}`;
}

function keysOf(what: string, name: string, table: KeyTable): string {
  const keys = namesOf(table).filter((key) => !isPattern(key));
  const families = namesOf(table).filter(isPattern);
  const members = keys.map((key) => `  /** ${describe(table[key]!)} */\n  ${quoted(key)}?: Value;`);
  return [
    union(
      `${name}Key`,
      `A configuration key of ${what}.`,
      keys.map((key) => JSON.stringify(key)),
    ),
    "",
    `/** Configuration of ${what}; beside these the families ${families.map((family) => `\`${family}\``).join(", ")}. */`,
    `export interface ${name}<Value> {`,
    ...members,
    "  [key: string]: Value | undefined;",
    "}",
  ].join("\n");
}

/** What an option means for each type of devices that has it. */
function optionDoc(option: string): string {
  const docs = Object.entries(deviceTypes).flatMap(([type, { options }]) =>
    options[option] === undefined ? [] : [`${type}: ${describe(options[option])}`],
  );
  return docs.length === 1
    ? `  /** Of a device ${docs[0]} */`
    : `  /**\n${docs.map((doc) => `   * - ${doc}\n`).join("")}   */`;
}

function deviceOptions(): string {
  const names = Object.values(deviceTypes).flatMap(({ options }) => Object.keys(options));
  const options = [...new Set(names)].filter((option) => !isPattern(option)).sort(byName);
  const types = Object.keys(deviceTypes).map((type) => JSON.stringify(type));
  return [
    union("DeviceType", "A type of devices.", types.sort(byName)),
    "",
    "/** Options of a device, of every type; check says which one has which. */",
    "export interface DeviceOptions<Value> {",
    ...options.map((option) => `${optionDoc(option)}\n  ${quoted(option)}?: Value;`),
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
    keysOf("network forwards", "NetworkForwardConfig", networkForwardKeys),
    "",
    keysOf("network zones", "NetworkZoneConfig", networkZoneKeys),
    "",
    keysOf("projects", "ProjectConfig", projectKeys),
    "",
    keysOf("a server", "ServerSettings", serverKeys),
    "",
    keysOf("storage pools, of every driver", "StoragePoolConfig", Object.assign({}, ...Object.values(storagePoolKeys))),
    "",
    keysOf("custom storage volumes", "StorageVolumeConfig", filesystemVolumeKeys),
    "",
    deviceOptions(),
    "",
  ].join("\n");
