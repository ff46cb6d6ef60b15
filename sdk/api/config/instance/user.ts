/** Keys that are the user's: variables of the environment, and free ones. */
import { grouped } from "../table";
import { anyText } from "../values";

const since = "0.1.0";

export const environmentKeys = grouped("environment", {
  "environment.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    example: "Europe/Berlin",
    doc: "An environment variable. The init has it from its next start on, a command from its next exec on.",
  },
});

export const userKeys = grouped("user", {
  "user.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    example: "web",
    doc: "Free for the user. `user.access_interface` names the interface whose address Pulumi resources give as `ipv4Address`.",
  },
});
