/** Container planned: what a preview knows of a container's state. */
import { isMap, type Props, same, unknownValue } from "../../engine/values";
import { restartKeys } from "./restart";

const noAddresses: Props = { ipv4Address: undefined, ipv4Addresses: [], macAddress: undefined, interfaces: [] };
const addressNames = Object.keys(noAddresses);

/** What an address may depend on. What profiles bring is theirs to tell. */
const reasons = ["devices", "profiles", "source"] as const;

function mayMove(news: Props, olds: Props, isUnfinished: boolean): boolean {
  if (isUnfinished || olds.status !== "Running" || news.config === unknownValue) return true;
  const [was, is] = [olds.config, news.config].map((config) =>
    isMap(config) ? (config as Record<string, string>) : {},
  );
  const restarts = news.allowRestart === true && restartKeys(was!, is!).length > 0;
  const preferred = "user.access_interface";
  return restarts || was![preferred] !== is![preferred] || reasons.some((name) => !same(olds[name], news[name]));
}

/** @param olds last outputs of a container that is changed @param isUnfinished whether the update starts it and waits for it once more */
export function plannedState(news: Props, olds: Props | undefined, isUnfinished: boolean): Props {
  if (news.running === unknownValue)
    return Object.fromEntries(["status", ...addressNames].map((name) => [name, unknownValue]));
  if (news.running === false) return { status: "Stopped", ...noAddresses };
  const status = { status: "Running" };
  if (olds !== undefined && !mayMove(news, olds, isUnfinished)) return status;
  return { ...status, ...Object.fromEntries(addressNames.map((name) => [name, unknownValue])) };
}
