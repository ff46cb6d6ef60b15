/** Shown ids: keys in which LXD tells of id maps. Its server wants them of whoever refreshes a copy there (docs/lxd-api.md, Migration). */
import type { Config } from "../../../sdk/api/common";
import { ApiError } from "../../../sdk/api/errors";
import { type IdLine, type IdRange, idLines } from "../../platform/native/index";
import { idRange } from "./create/idmap";

/**
 * Keys that follow from other settings, and are stored nowhere: the ids that the next start gives, those that a running instance has, and that files have the
 * container's own. @param expanded configuration with profiles @param inForce that of a running one, else the same
 */
export function shownIds(own: Config, expanded: Config, inForce: Config): Config {
  const [next, current] = [mapOf(expanded, own), mapOf(inForce, own)];
  return {
    ...(next === undefined ? {} : { "volatile.idmap.next": next }),
    ...(current === undefined ? {} : { "volatile.idmap.current": current }),
    "volatile.last_state.idmap": "[]",
  };
}

/** As LXD writes one. @returns nothing for what can be no map: that shows at the start */
function mapOf(expanded: Config, own: Config): string | undefined {
  try {
    const range = idRange(expanded, own);
    return range === undefined ? "[]" : textOf(range);
  } catch (error) {
    if (ApiError.is(error)) return undefined;
    throw error;
  }
}

function textOf(range: IdRange): string {
  const linesOf = (others: readonly IdLine[] = [], isUid: boolean) =>
    idLines(range, others).map(({ inner, host, count }) => ({
      Isuid: isUid,
      Isgid: !isUid,
      Hostid: host,
      Nsid: inner,
      Maprange: count,
    }));
  return JSON.stringify([...linesOf(range.others?.uid, true), ...linesOf(range.others?.gid, false)]);
}
