/** Schedules: which texts are one, and in which minutes they ask for something. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDue } from "../../../daemon/core/schedule";
import { instanceSchedule, volumeSchedule } from "../../../sdk/api/config/schedule";

/** Minutes of a day of a month in which a schedule of an instance is due, as "H:M". */
function dueOn(text: string, year: number, month: number, day: number, subject = "/1.0/instances/web"): string[] {
  const schedule = instanceSchedule.parse(text);
  assert.ok(schedule !== undefined, text);
  const minutes = Array.from({ length: 24 * 60 }, (_, minute) => new Date(year, month - 1, day, 0, minute));
  return minutes.filter((at) => isDue(schedule, subject, at)).map((at) => `${at.getHours()}:${at.getMinutes()}`);
}

test("five fields are numbers, lists, ranges, steps and names, as in a crontab", () => {
  assert.deepEqual(dueOn("30 3 * * *", 2030, 5, 14), ["3:30"]);
  assert.deepEqual(dueOn("0,15 1-2 * * *", 2030, 5, 14), ["1:0", "1:15", "2:0", "2:15"]);
  assert.deepEqual(dueOn("*/20 0 * * *", 2030, 5, 14), ["0:0", "0:20", "0:40"]);
  assert.deepEqual(dueOn("50/5 23 * * *", 2030, 5, 14), ["23:50", "23:55"]);
  assert.deepEqual(dueOn("0 0 * MAY tue", 2030, 5, 14), ["0:0"]);
  assert.deepEqual(dueOn("0 0 * jun *", 2030, 5, 14), []);
  assert.deepEqual(dueOn("0 1 * * *, 0 2 * * *", 2030, 5, 14), ["1:0", "2:0"]);
});

test("of day and weekday one is enough when both say something", () => {
  assert.deepEqual(dueOn("0 0 1 * tue", 2030, 5, 14), ["0:0"], "a Tuesday");
  assert.deepEqual(dueOn("0 0 14 * mon", 2030, 5, 14), ["0:0"], "the 14th");
  assert.deepEqual(dueOn("0 0 1 * mon", 2030, 5, 14), []);
  assert.deepEqual(dueOn("0 0 * * mon", 2030, 5, 14), []);
});

test("words stand for times of the object's own, always the same", () => {
  const daily = dueOn("@daily", 2030, 5, 14);
  assert.equal(daily.length, 1);
  assert.deepEqual(dueOn("@daily", 2030, 5, 15), daily);
  assert.notDeepEqual(dueOn("@daily", 2030, 5, 14, "/1.0/instances/other"), daily);
  assert.equal(dueOn("@hourly", 2030, 5, 14).length, 24);
  assert.deepEqual(dueOn("@midnight", 2030, 5, 14), ["0:0"]);
  assert.equal(dueOn("@weekly", 2030, 5, 12).length, 1, "on Sundays");
  assert.equal(dueOn("@weekly", 2030, 5, 14).length, 0);
  assert.equal(dueOn("@monthly", 2030, 5, 1).length, 1);
  assert.equal(dueOn("@yearly", 2030, 1, 1).length, 1);
  assert.equal(dueOn("@annually", 2030, 5, 1).length, 0);
  assert.deepEqual(dueOn("@never", 2030, 5, 14), []);
  assert.deepEqual(dueOn("@startup", 2030, 5, 14), []);
  assert.equal(instanceSchedule.parse("@startup, @daily")?.atStart, true);
  const both = instanceSchedule.parse("@startup, 10 5,6 * * *, @hourly,@daily");
  assert.deepEqual([both?.atStart, both?.lines], [true, ["10 5,6 * * *", "M * * * *", "M H * * *"]]);
});

test("what is no schedule is refused, in LXD's words", () => {
  const wrong = [
    "* * * *",
    "99 * * * *",
    "* * * * 7",
    "a * * * *",
    "*/0 * * * *",
    "5-1 * * * *",
    "@reboot",
    "@every 1h",
  ];
  for (const text of [...wrong, "1 2 3 4 5,6 7 8 9 10", "1 2 3 4 5, ", "1-2-3 * * * *", "@daily, @never"])
    assert.match(instanceSchedule.check(text) ?? "", /Schedule must be of the form: <minute> <hour>/, text);
  for (const text of ["@startup", "@never"]) assert.match(volumeSchedule.check(text) ?? "", /must be of the form/);
  for (const text of ["@hourly, @daily", "@hourly,@daily", "*/5 1-3 * * mon"])
    assert.equal(volumeSchedule.check(text), undefined, text);
});

test("words that mean something to JavaScript are no schedules", () => {
  for (const word of ["__proto__", "constructor", "toString", "hasOwnProperty"])
    for (const schedule of [instanceSchedule, volumeSchedule]) assert.equal(schedule.parse(word), undefined, word);
});
