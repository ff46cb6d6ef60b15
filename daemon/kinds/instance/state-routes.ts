/** Routes of an instance's life: its state, what starts and stops it, and what is asked of one that runs. */
import { badRequest } from "../../../sdk/api/errors";
import {
  InstanceConsolePost,
  InstanceExecPost,
  InstanceState,
  InstanceStatePut,
  InstancesPut,
} from "../../../sdk/api/instance";
import { urlOf } from "../../core/ref";
import { type ApiRequest, asyncOp, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import { startConsole } from "./inside/console";
import { startExec } from "./inside/exec";
import { waitForIpv4 } from "./inside/wait";
import { instanceRef } from "./record";
import { about, idOf } from "./request";
import type { InstanceService } from "./service";
import { changeAll, concernedBy, requireStateless, stateChange, stateDescriptions } from "./state-change";

const all = "/1.0/instances";
const one = `${all}/:name`;

export function stateRoutes(instances: InstanceService): Route[] {
  const { home } = instances;
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
    const id = recordOf(request);
    requireStateless(put, book.running.has(id));
    const operation = about(id, stateDescriptions[put.action]);
    const change = stateChange(instances, request.call, id, put);
    return asyncOp(changes.start(request.call, { of: [instanceRef(id)], operation, ...change }));
  }

  /** Which instances it is for is decided at once, so that the operation can name them. */
  function setAll(request: ApiRequest, { state: put }: InstancesPut) {
    requireStateless(put);
    const { call } = request;
    const records = concernedBy(instances, call.project, put);
    return asyncOp(
      changes.start(call, {
        of: records.map(instanceRef),
        unlocked: true,
        operation: {
          description: stateDescriptions[put.action],
          resources: { instances: records.map((record) => urlOf(instanceRef(record))) },
        },
        work: () => changeAll(instances, call, records, put),
      }),
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
      "PUT",
      all,
      {
        summary: "Changes the state of all instances of a project that are not in it already.",
        body: InstancesPut,
        answer: answers.operation,
      },
      setAll,
    ),
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
