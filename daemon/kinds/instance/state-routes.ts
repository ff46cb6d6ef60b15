/** Routes of an instance's life: its state, what starts and stops it, and what is asked of one that runs. */
import { badRequest } from "../../../sdk/api/errors";
import { InstanceConsolePost, InstanceExecPost, InstanceState, InstanceStatePut } from "../../../sdk/api/instance";
import type { Ref } from "../../core/ref";
import { type ApiRequest, asyncOp, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import { timerMs } from "../../platform/time";
import { startConsole } from "./inside/console";
import { startExec } from "./inside/exec";
import { waitForIpv4 } from "./inside/wait";
import { instanceRef } from "./record";
import { about, idOf } from "./request";
import type { InstanceService } from "./service";

const one = "/1.0/instances/:name";

const stateDescriptions = {
  start: "Starting instance",
  stop: "Stopping instance",
  restart: "Restarting instance",
  freeze: "Freezing instance",
  unfreeze: "Unfreezing instance",
} as const;

export function stateRoutes(instances: InstanceService): Route[] {
  const { home, lifecycle } = instances;
  const { book, changes } = home;
  const recordOf = (request: ApiRequest) => book.record(idOf(request));

  async function getState(request: ApiRequest) {
    return sync(await instances.state(recordOf(request)));
  }

  /** The extension bothy_instance_wait: answers when the condition holds. */
  async function wait(request: ApiRequest) {
    const condition = request.query.get("for") ?? "";
    if (condition !== "ipv4")
      throw badRequest(`Cannot wait for "${condition}": only addresses can be waited for. Use for=ipv4.`);
    const seconds = Number(request.query.get("timeout") ?? "60");
    if (!(seconds >= 0 && seconds <= 86400))
      throw badRequest("The timeout must be a number of seconds from 0 to 86400.");
    return sync(await waitForIpv4(instances, recordOf(request), seconds * 1000, request.call.signal));
  }

  function setState(request: ApiRequest, put: InstanceStatePut) {
    if (put.stateful)
      throw badRequest(
        'Cannot keep the state of a running instance: checkpoints are not supported yet. Leave out "stateful".',
      );
    const { call } = request;
    const id = recordOf(request);
    const of: Ref[] = [instanceRef(id)];
    // No patience at all is force, as in LXD.
    const isForced = put.force || put.timeout === 0;
    // A clean stop waits without the lock, so that a forced one can overtake it.
    const waits = !isForced && (put.action === "stop" || put.action === "restart");
    const timeoutMs = put.timeout < 0 ? -1 : timerMs(put.timeout);
    const work = async () => {
      switch (put.action) {
        case "start":
          return lifecycle.start(book.record(id), call);
        case "stop":
          return isForced ? lifecycle.kill(id, call) : lifecycle.stop(id, timeoutMs, call);
        case "restart":
          return instances.restart(call, id, { isForced, timeoutMs }, (locked) =>
            changes.run(call, { of, work: locked }),
          );
        case "freeze":
          return lifecycle.setFrozen(id, true, call);
        case "unfreeze":
          return lifecycle.setFrozen(id, false, call);
      }
    };
    return asyncOp(
      changes.start(call, { of, unlocked: waits, operation: about(id, stateDescriptions[put.action]), work }),
    );
  }

  function exec(request: ApiRequest, post: InstanceExecPost) {
    const record = recordOf(request);
    const operation = startExec(home, request.call, record, post);
    changes.tell(request.call, { action: "instance-exec", of: instanceRef(record) });
    return asyncOp(operation);
  }

  async function console(request: ApiRequest, post: InstanceConsolePost) {
    const record = recordOf(request);
    const operation = await startConsole(home, request.call, record, post);
    changes.tell(request.call, { action: "instance-console", of: instanceRef(record) });
    return asyncOp(operation);
  }

  return [
    route(
      "GET",
      `${one}/state`,
      { summary: "Shows what an instance uses now, and its addresses.", answer: answers.one(InstanceState) },
      getState,
    ),
    route(
      "PUT",
      `${one}/state`,
      {
        summary: "Starts, stops, restarts, freezes or unfreezes an instance.",
        body: InstanceStatePut,
        answer: answers.operation,
      },
      setState,
    ),
    route(
      "POST",
      `${one}/exec`,
      {
        summary: "Runs a command in a running instance.",
        body: InstanceExecPost,
        answer: answers.operationWith(
          "`return`, the command's code; `fds`, a secret for each websocket; `output`, paths of recorded output",
        ),
      },
      exec,
    ),
    route(
      "POST",
      `${one}/console`,
      {
        summary: "Attaches to the console of a running instance, one client at a time.",
        body: InstanceConsolePost,
        answer: answers.operationWith("`fds`, a secret for each websocket"),
      },
      console,
    ),
    route(
      "GET",
      `${one}/wait`,
      {
        summary: "Waits until a running instance has a global IPv4 address (`bothy_instance_wait`).",
        query: { for: "`ipv4`", timeout: "seconds, `60` when absent" },
        needs: ["for"],
        answer: answers.one(InstanceState),
      },
      wait,
    ),
  ];
}
