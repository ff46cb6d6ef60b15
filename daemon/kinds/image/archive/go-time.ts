/** Go's layouts of times (https://pkg.go.dev/time#pkg-constants): the parts of one reference time say how a time is written. */

const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

const two = (value: number) => String(value).padStart(2, "0");
const spaced = (value: number) => String(value).padStart(2, " ");
const twelve = (date: Date) => date.getHours() % 12 || 12;
const monthOf = (date: Date) => months[date.getMonth()] ?? "";
const dayOf = (date: Date) => days[date.getDay()] ?? "";

function dayOfYear(date: Date): number {
  const midnight = (year: number, month: number, day: number) => Date.UTC(year, month, day);
  const first = midnight(date.getFullYear(), 0, 1);
  return (midnight(date.getFullYear(), date.getMonth(), date.getDate()) - first) / 86_400_000 + 1;
}

/** Such as "+0200". @param colon what stands between hours and minutes */
function offset(date: Date, colon = "", minutes = true): string {
  const east = -date.getTimezoneOffset();
  const sign = east < 0 ? "-" : "+";
  const hours = two(Math.floor(Math.abs(east) / 60));
  return minutes ? `${sign}${hours}${colon}${two(Math.abs(east) % 60)}` : `${sign}${hours}`;
}

const zulu = (date: Date, text: string) => (date.getTimezoneOffset() === 0 ? "Z" : text);

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return /^[A-Z]+$/.test(name) ? name : offset(date, "", false);
}

/** Longer ones stand before those that they begin with. */
const layoutParts: readonly (readonly [part: string, write: (date: Date) => string])[] = [
  ["January", monthOf],
  ["Jan", (date) => monthOf(date).slice(0, 3)],
  ["Monday", dayOf],
  ["Mon", (date) => dayOf(date).slice(0, 3)],
  ["MST", zoneName],
  ["2006", (date) => String(date.getFullYear()).padStart(4, "0")],
  ["-07:00", (date) => offset(date, ":")],
  ["-0700", (date) => offset(date)],
  ["-07", (date) => offset(date, "", false)],
  ["Z07:00", (date) => zulu(date, offset(date, ":"))],
  ["Z0700", (date) => zulu(date, offset(date))],
  ["Z07", (date) => zulu(date, offset(date, "", false))],
  ["002", (date) => String(dayOfYear(date)).padStart(3, "0")],
  ["__2", (date) => String(dayOfYear(date)).padStart(3, " ")],
  ["01", (date) => two(date.getMonth() + 1)],
  ["02", (date) => two(date.getDate())],
  ["03", (date) => two(twelve(date))],
  ["04", (date) => two(date.getMinutes())],
  ["05", (date) => two(date.getSeconds())],
  ["06", (date) => two(date.getFullYear() % 100)],
  ["15", (date) => two(date.getHours())],
  ["_2", (date) => spaced(date.getDate())],
  ["PM", (date) => (date.getHours() < 12 ? "AM" : "PM")],
  ["pm", (date) => (date.getHours() < 12 ? "am" : "pm")],
  ["1", (date) => String(date.getMonth() + 1)],
  ["2", (date) => String(date.getDate())],
  ["3", (date) => String(twelve(date))],
  ["4", (date) => String(date.getMinutes())],
  ["5", (date) => String(date.getSeconds())],
];

/** A fraction of a second: zeros are written, nines only as far as they tell something. */
const fraction = /^[.,](?:0+|9+)(?!\d)/;

function writeFraction(date: Date, part: string): string {
  const digits = `${String(date.getMilliseconds()).padStart(3, "0")}000000`.slice(0, part.length - 1);
  if (part.includes("0")) return part.charAt(0) + digits.padEnd(part.length - 1, "0");
  const told = digits.replace(/0+$/, "");
  return told === "" ? "" : part.charAt(0) + told;
}

/** Writes a time in the daemon's time zone. @param layout such as "2006-01-02 15:04" */
export function goTime(date: Date, layout: string): string {
  let text = "";
  for (let at = 0; at < layout.length; ) {
    const rest = layout.slice(at, at + 16);
    const [whole] = fraction.exec(rest) ?? [];
    const part = layoutParts.find(([name]) => rest.startsWith(name));
    text += whole !== undefined ? writeFraction(date, whole) : (part?.[1](date) ?? layout.charAt(at));
    at += (whole ?? part?.[0] ?? " ").length;
  }
  return text;
}

/** As Go prints a time that nobody has asked a layout for. */
export const goTimeText = (date: Date): string => goTime(date, "2006-01-02 15:04:05.999999999 -0700 MST");
