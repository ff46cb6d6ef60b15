/** info: one instance in detail. */
import { type Command, formatOption } from "../command";
import { addressesOf } from "./address";

const mebibyte = 2 ** 20;

export const info: Command = {
  words: "<NAME>",
  options: formatOption,
  run: async ({ words: [name = ""], client, output }) => {
    const { value } = await client.getInstanceFull(name);
    const { state } = value;
    const running: [string, string][] =
      state === null || state.pid <= 0
        ? []
        : [
            ["PID", String(state.pid)],
            ["Processes", String(state.processes)],
            ["Memory", `${(state.memory.usage / mebibyte).toFixed(1)} MiB`],
            ["CPU time", `${(state.cpu.usage / 1e9).toFixed(2)} s`],
            ["IPv4", addressesOf(state, "inet").join(", ") || "-"],
          ];
    output.object(value, [
      ["Name", value.name],
      ["Status", value.status],
      ["Architecture", value.architecture],
      ["Image", value.config["image.description"] ?? "-"],
      ["Profiles", value.profiles?.join(", ") || "-"],
      ["Ephemeral", value.ephemeral ? "yes" : "no"],
      ["Created", value.created_at],
      ...running,
      ["Snapshots", value.snapshots?.map((snapshot) => snapshot.name).join(", ") || "-"],
    ]);
    return 0;
  },
};
