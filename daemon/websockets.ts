/** Websockets: the one acceptor for every path that upgrades. */
import { WebSocketServer } from "ws";

/** Any Origin is accepted: some clients send odd ones, and the socket's permissions already say who may connect (api-1.0.md 1.1). */
export const websockets = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: false,
});
