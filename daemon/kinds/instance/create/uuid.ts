/** UUID: what says that an instance is the same one, also on another server. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { InstanceBook } from "../book";

/** An instance that comes from elsewhere stays who it is, unless somebody here is that one already. @param config as it was there */
export function keptUuid(book: InstanceBook, { "volatile.uuid": uuid = "" }: Config): Config {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid);
  const isTaken = book.store.list().some(({ config }) => instanceConfig(config).get("volatile.uuid") === uuid);
  return isUuid && !isTaken ? { "volatile.uuid": uuid } : {};
}
