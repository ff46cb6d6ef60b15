/** Sftp: a session of SFTP with a container's files, as a stream of bytes both ways; bothy-cell is the server (docs/native-protocol.md). */
import type { Socket } from "node:net";
import type { CellConnection } from "./connection";
import { orJustEnded } from "./ended";

/** Reads until the session can begin. @returns the bytes of the session; it ends with the stream, and with the container */
export async function beginSftp(connection: CellConnection): Promise<Socket> {
  try {
    await connection.need();
    return connection.takeSocket();
  } catch (error) {
    connection.close();
    throw orJustEnded(error);
  }
}
