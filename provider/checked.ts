/** Checked: what the doors add to the answer of a check, and take out of it. */
import type { Checked } from "./core/engine/core";
import { redactorOf, withoutSecretValues } from "./core/engine/secrets";
import type { Props } from "./core/engine/values";
import { surroundingReason } from "./endpoint";

/** Says in preview what no daemon need be asked for. */
export function withEndpoint({ inputs, failures }: Checked): Checked {
  const reason = inputs.endpoint === undefined ? surroundingReason() : undefined;
  return { inputs, failures: reason === undefined ? failures : [...failures, { property: "endpoint", reason }] };
}

/** The engine stops at the first resource that fails, so that one tells of the others too. */
export function withOthers({ inputs, failures }: Checked, others: unknown): Checked {
  if (failures.length === 0 || !Array.isArray(others)) return { inputs, failures };
  return {
    inputs,
    failures: [...failures, ...others.map((line) => ({ property: "", reason: `Also wrong: ${line}` }))],
  };
}

/** The engine prints the value of a property that fails, a secret one too. */
export function withoutSecretsShown({ inputs, failures }: Checked, ...given: Props[]): Checked {
  if (failures.length === 0) return { inputs, failures };
  const redact = redactorOf(...given);
  return {
    inputs: withoutSecretValues(inputs),
    failures: failures.map(({ property, reason }) => ({ property: redact(property), reason: redact(reason) })),
  };
}
