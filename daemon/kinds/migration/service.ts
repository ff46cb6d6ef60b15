/** Migrations: instances that go to other servers and come from there, as other kinds ask for it (docs/lxd-api.md, Migration). */
import type { InstancesPost } from "../../../sdk/api/instance";
import type { Call } from "../../core/call";
import type { RunningOperation } from "../../platform/operations";
import type { Coming, MigrationPort, Sending } from "../instance/home";
import type { InstanceId } from "../instance/record";
import type { MigrationHome } from "./home";
import { planSink, sinkEnd } from "./sink";
import { startSending } from "./source";

export class Migrations implements MigrationPort {
  constructor(private readonly home: MigrationHome) {}

  send(call: Call, id: InstanceId, sending: Sending): RunningOperation {
    return startSending(this.home, call, id, sending);
  }

  receive(id: InstanceId, post: InstancesPost): Coming {
    const end = sinkEnd(post.source);
    return { operation: end.operation, work: planSink(this.home, id, post, end) };
  }
}
