/** Functions: what a program asks of a server, as the engine asks a plugin for it. */
import { checkShape, givenInputs } from "../core/engine/check";
import { withoutSecretValues } from "../core/engine/secrets";
import { compact, visibleOf } from "../core/engine/values";
import { functions } from "../core/functions/functions";
import { listen } from "../listener";
import { run } from "../run";
import { failureOf } from "./answers";
import { type Messages, provider } from "./grpc";
import { propsOf, structOf } from "./values";

/** @throws Error for a function that this version of the package does not know */
export async function invoke(request: Messages.InvokeRequest): Promise<Messages.InvokeResponse> {
  const token = request.getTok();
  const found = functions.find(({ name }) => `bothy:index:${name}` === token);
  if (found === undefined)
    throw new Error(`Cannot call "${token}": this version of bothy does not know it. Update the package bothy.`);
  const given = propsOf(request.getArgs());
  const inputs = givenInputs(visibleOf(given));
  const answer = new provider.InvokeResponse();
  const failures = checkShape(found.inputs, inputs);
  answer.setFailuresList(failures.map(failureOf));
  if (failures.length > 0) return answer;
  using caller = listen();
  const call = { verb: "read" as const, name: found.title(withoutSecretValues(given)), props: given, caller };
  answer.setReturn(structOf(compact(await run(found, call, (context) => found.run(context, inputs)))));
  return answer;
}
