/** Websockets: the acceptors for every path that upgrades. */
import { WebSocketServer } from "ws";

/** Any Origin is accepted: some clients send odd ones, and who may connect was asked before (docs/lxd-api.md, Answers). */
const acceptor = (maxPayload: number) => new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });

/** For the bytes of a command: pylxd sends all of its input as one message, which is held in memory as a whole. */
export const byteSockets = acceptor(16 * 1024 * 1024);

/** For events, of which a client sends none, and for control messages. */
export const messageSockets = acceptor(2 * 1024 * 1024);

/** Going away (RFC 6455, 7.4.1). */
const goingAway = 1001;
const patienceMs = 1000;

/** Ends every websocket, since the daemon stops: asks first, and hangs up on who does not answer. */
export function closeWebsockets(): void {
  for (const client of [...byteSockets.clients, ...messageSockets.clients]) {
    // A paused one would never see the answer.
    client.resume();
    client.close(goingAway);
    setTimeout(() => client.terminate(), patienceMs).unref();
  }
}
