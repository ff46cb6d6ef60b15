/** Migrations: instances and custom volumes that go to other servers and come from there, as other kinds ask for it (docs/lxd-api.md, Migration). */
import { badRequest } from "../../../sdk/api/errors";
import type { InstancesPost } from "../../../sdk/api/instance";
import type { Call } from "../../core/call";
import type { RunningOperation } from "../../platform/operations";
import type { Coming, MigrationPort, Sending } from "../instance/home";
import type { InstanceId } from "../instance/record";
import type { ComingVolume, SendingVolume, VolumeMigrationPort } from "../storage-volume/home";
import type { VolumeId } from "../storage-volume/record";
import { sinkEnd } from "./channels";
import type { MigrationHome } from "./home";
import { Queues } from "./queue";
import { planSink } from "./sink";
import { startSending } from "./source";
import { planVolumeSink } from "./volume-sink";
import { startSendingVolume } from "./volume-source";

export class Migrations implements MigrationPort, VolumeMigrationPort {
  readonly #queues = new Queues();

  constructor(private readonly home: MigrationHome) {}

  send(call: Call, id: InstanceId, sending: Sending): RunningOperation {
    return startSending(this.home, this.#queues.going, call, id, sending);
  }

  receive(id: InstanceId, post: InstancesPost): Coming {
    if (post.source.live)
      throw badRequest("Unable to perform container live migration. CRIU isn't installed on the destination server");
    const end = sinkEnd(post.source);
    return { operation: end.operation, work: planSink(this.home, this.#queues.coming, id, post, end) };
  }

  sendVolume(call: Call, id: VolumeId, sending: SendingVolume): RunningOperation {
    return startSendingVolume(this.home, this.#queues.going, call, id, sending);
  }

  receiveVolume(id: VolumeId, post: Parameters<VolumeMigrationPort["receiveVolume"]>[1]): ComingVolume {
    return planVolumeSink(this.home, this.#queues.coming, id, post);
  }
}
