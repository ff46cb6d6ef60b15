/** Console: a client at the terminal of a container's init (docs/lxd-api.md, Console). */
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceConsolePost } from "../../../../sdk/api/instance";
import type { Call } from "../../../core/call";
import { requireConsole } from "../../../platform/native/index";
import type { RunningOperation } from "../../../platform/operations";
import type { InstanceHome } from "../home";
import { type InstanceRecord, instanceRef, keyOf } from "../record";
import { about } from "../request";
import { ExecSockets } from "./exec-sockets";

/** Attaches a client, and starts the operation that lasts as long. @throws ApiError BAD_REQUEST when the instance does not run, or another client is attached */
export async function startConsole(
  home: InstanceHome,
  call: Call,
  record: InstanceRecord,
  { type, width, height }: InstanceConsolePost,
): Promise<RunningOperation> {
  if (type === "vga") throw badRequest("VGA console is only supported by virtual machines");
  if (type !== "console") throw badRequest(`Unknown console type ${JSON.stringify(type)}. Use "console".`);
  const running = home.book.running.need(record);
  if (running.isFrozen) throw badRequest("Instance is frozen");
  requireConsole(running.cell);
  // Before the answer, so that who comes second is told at once, and what is printed meanwhile is not lost.
  const console = await home.native.attachConsole(keyOf(record), running.cell);
  if (width > 0 && height > 0) console.resize(width, height);
  const sockets = new ExecSockets(true);
  const serve = async () => {
    try {
      await sockets.ready();
      await sockets.serve(console);
    } finally {
      console.kill();
      sockets.close();
    }
  };
  try {
    const operation = {
      ...about(record, "Showing console"),
      class: "websocket",
      metadata: { fds: sockets.secrets },
      connect: sockets.connect.bind(sockets),
    } as const;
    return home.changes.start(call, { of: [instanceRef(record)], unlocked: true, operation, work: serve });
  } catch (error) {
    console.kill();
    throw error;
  }
}
