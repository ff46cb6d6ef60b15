/** Route of SFTP with an instance's files: the bytes of one go to the other once the connection is upgraded (docs/lxd-api.md, Files). */
import type { Duplex } from "node:stream";
import { badRequest } from "../../../../sdk/api/errors";
import { endWith } from "../../../http/answer";
import type { ApiRequest, UpgradeRoute } from "../../../http/route";
import { answers } from "../../../http/says";
import { toApiError } from "../../../platform/errors";
import type { InstanceHome } from "../home";
import { idOf } from "../request";

const protocol = "sftp";
/** A client has so long to read what was sent before the end. */
const lingerMs = 5000;

export function sftpUpgrades({ book, native, sftp }: InstanceHome): UpgradeRoute[] {
  async function begin(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void> {
    const record = book.record(idOf(request));
    // A root that is just being mounted for its start is nobody else's.
    if (!book.running.has(record) && book.running.isActive(record)) throw badRequest("The instance is starting");
    const bytes = await sftp.begin(native, record, book.filePlace(record));
    if (socket.destroyed) {
      bytes.destroy();
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n\r\n`);
    if (head.length > 0) bytes.write(head);
    socket.pipe(bytes).pipe(socket);
    socket.once("close", () => bytes.destroy());
    bytes.once("close", () => {
      socket.end();
      // Who does not read would keep the connection, and with it a daemon that stops.
      setTimeout(() => socket.destroy(), lingerMs).unref();
    });
  }

  return [
    {
      path: "/1.0/instances/:name/sftp",
      says: {
        summary:
          "Upgrades the connection to SFTP, version 3 (`Upgrade: sftp`), for the files of a running or stopped instance.",
        answer: answers.upgrade("bytes of SFTP, both ways"),
      },
      access: "edit",
      protocol,
      upgrade: (request, { socket, head }) => {
        begin(request, socket, head).catch((error: unknown) => endWith(socket, toApiError(error)));
      },
    },
  ];
}
