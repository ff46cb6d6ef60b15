/** Websockets: the one acceptor for every path that upgrades. */
import { WebSocketServer } from "ws";

/** Any Origin is accepted: some clients send odd ones, and the socket's permissions already say who may connect (docs/lxd-api.md, Answers). */
export const websockets = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: false,
});

/** Going away (RFC 6455, 7.4.1). */
const goingAway = 1001;
const patienceMs = 1000;

/** Ends every websocket, since the daemon stops: asks first, and hangs up on who does not answer. */
export function closeWebsockets(): void {
  for (const client of websockets.clients) {
    // A paused one would never see the answer.
    client.resume();
    client.close(goingAway);
    setTimeout(() => client.terminate(), patienceMs).unref();
  }
}
