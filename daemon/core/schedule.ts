/** Schedule: whether what is made on its own is due in some minute (sdk/api/config/schedule.ts). */
import { createHash } from "node:crypto";
import { parseCronLine, type Schedule } from "../../sdk/api/config/schedule";

/** Minute and hour of an object's own, always the same ones, so that not all begin at once. */
function ownTime(subject: string): { minute: number; hour: number } {
  const digest = createHash("sha256").update(subject).digest();
  return { minute: digest.readUInt32BE(0) % 60, hour: digest.readUInt32BE(4) % 24 };
}

/** @param subject path of the object @param now any moment of the minute, in the host's time zone */
export function isDue(schedule: Schedule, subject: string, now: Date): boolean {
  const { minute, hour } = ownTime(subject);
  return schedule.lines.some((line) => isOfLine(line.replace(/^M/, String(minute)).replace(" H ", ` ${hour} `), now));
}

function isOfLine(line: string, now: Date): boolean {
  const parsed = parseCronLine(line);
  if (parsed === undefined) return false;
  const parts = [now.getMinutes(), now.getHours(), now.getDate(), now.getMonth() + 1, now.getDay()];
  const fits = parts.map((part, index) => parsed.sets[index]?.has(part) === true);
  const [minute, hour, day, month, weekday] = fits;
  const [, , isAnyDay, , isAnyWeekday] = parsed.isAny;
  // crontab(5): where both say something, one of them is enough.
  const isDay = isAnyDay || isAnyWeekday ? day && weekday : day || weekday;
  return minute === true && hour === true && month === true && isDay === true;
}
