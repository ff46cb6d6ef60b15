/** Keys of an instance's start and stop. */
import { grouped } from "../table";
import { anyInteger, bool } from "../values";

const since = "0.1.0";

export const bootKeys = grouped("boot", {
  "boot.autorestart": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "instance_auto_restart",
    example: "true",
    doc: "Whether the container starts again when it ends and nobody asked it to stop: at most 10 times within a minute. Ephemeral ones do not.",
  },
  "boot.autostart": {
    type: bool,
    unset: "as the container was left",
    applies: "now",
    since,
    example: "true",
    doc: "Whether the container starts with the daemon.",
  },
  "boot.autostart.delay": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    example: "5",
    doc: "Seconds that the daemon waits after the start of this container, before it starts the next one.",
  },
  "boot.autostart.priority": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    example: "10",
    doc: "Place in the order of the starts. The highest number comes first.",
  },
  "boot.host_shutdown_timeout": {
    type: anyInteger,
    default: "30",
    applies: "now",
    since,
    extension: "container_host_shutdown_timeout",
    example: "60",
    doc: "Seconds that the container has to stop by itself when the daemon shuts down. Then it is killed.",
  },
  "boot.stop.priority": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    extension: "container_stop_priority",
    example: "10",
    doc: "Place in the order of the stops when the daemon shuts down. Those of the highest number stop first, together.",
  },
});
