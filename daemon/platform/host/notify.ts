/** Notify: tells the service manager that started the daemon that it is ready (sd_notify(3)). */
import type { Log } from "../log";
import { run } from "../processes/run";

/** Taken out of the environment, so that no program of ours speaks for the daemon. */
function takeSocket(): string | undefined {
  const socket = process.env.NOTIFY_SOCKET;
  delete process.env.NOTIFY_SOCKET;
  return socket;
}

const socket = takeSocket();

/** Does nothing where nobody waits for it. Node has no datagram sockets of Unix, so systemd's own program speaks. */
export async function notifyReady(log: Log): Promise<void> {
  if (socket === undefined) return;
  const env = { ...process.env, NOTIFY_SOCKET: socket };
  try {
    await run("systemd-notify", ["--ready", `--pid=${process.pid}`], { env });
  } catch (error) {
    log.error("Cannot tell the service manager that the daemon is ready", { error });
  }
}
