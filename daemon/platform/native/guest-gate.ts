/** Guest gate: the process between the programs of a container and the daemon (docs/native-protocol.md, Verb `guest-api`). */
import type { Target } from "./cell";
import type { CellConnection } from "./connection";

export class GuestGate {
  private constructor(private readonly connection: CellConnection) {}

  /** Reads until it listens. @throws ApiError when it cannot */
  static async from(connection: CellConnection): Promise<GuestGate> {
    try {
      await connection.need();
      return new GuestGate(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Tells it the container's first process, with which it ends. From then on it outlives the daemon. @throws ApiError when that has ended already */
  async guard(target: Target): Promise<void> {
    try {
      this.connection.send(`target ${target.pid} ${target.startTime}\n`);
      await this.connection.need();
    } finally {
      this.connection.close();
    }
  }

  /** Ends one that has no container yet. */
  giveUp(): void {
    this.connection.close();
  }
}
