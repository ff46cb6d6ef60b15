/** Long work shows its progress in the update, short work does not. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { progressTo } from "../../../provider/core/engine/progress";
import type { Operation } from "../../../sdk";

const state = (percent: string, text: string): Operation => ({
  id: "1",
  class: "task",
  description: "",
  created_at: "",
  updated_at: "",
  status: "Running",
  status_code: 103,
  resources: null,
  metadata: { progress: { stage: "create_image_from_template", percent }, create_image_from_template_progress: text },
  may_cancel: false,
  err: "",
  location: "none",
});

test("a build that takes long is told every few seconds, each text once", () => {
  mock.timers.enable({ apis: ["Date"] });
  try {
    const told: string[] = [];
    const listen = progressTo((message) => told.push(message));
    listen(state("10", "Fetching"));
    assert.deepEqual(told, [], "quick work says nothing");
    mock.timers.tick(5000);
    listen(state("20", "Fetching more"));
    mock.timers.tick(5000);
    listen(state("20", "Fetching more"));
    mock.timers.tick(1000);
    listen(state("80", "Packing"));
    assert.deepEqual(told, ["Fetching more (20%)", "Packing (80%)"]);
  } finally {
    mock.timers.reset();
  }
});
