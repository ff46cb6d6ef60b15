/** Get: an object that is there, by what its id is made of. Each kind has one such function. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { badRequest, notFound } from "../../../sdk/api/errors";
import type { NetworkLease } from "../../../sdk/api/network";
import type { Context, Core } from "../engine/core";
import { importedProperty } from "../engine/imported";
import { endpoint } from "../engine/inputs";
import { idOfParts } from "../engine/object-id";
import { type Props, visibleOf } from "../engine/values";
import { pick } from "../kinds/named";
import type { CoreFunction } from "./function";

/** Inputs that say how an object comes to be, and not what it is. */
const passing = ["adopt", "allowRestart", "endpoint", "files", "source", "sourceFile", "timeouts", "wait"];

/** What only the function of one kind has. */
interface More {
  /** In place of the inputs that make the id. */
  readonly inputs?: Readonly<Record<string, z.ZodType>>;
  find?(context: Context, inputs: Props): Promise<string>;
  readonly outputs?: z.ZodObject;
  read?(context: Context, outs: Props): Promise<Props>;
}

const byAlias: More = {
  inputs: {
    fingerprint: Text.min(1).optional().meta({ description: "Sha256 of the image, in hexadecimal digits." }),
    alias: Text.min(1).optional().meta({ description: "A name of the image, in place of its fingerprint." }),
  },
  async find({ client, signal }, { fingerprint, alias }) {
    if ((fingerprint === undefined) === (alias === undefined))
      throw badRequest('an image is found by one of "fingerprint" and "alias". Give one of them.');
    if (alias === undefined) return String(fingerprint);
    return (await client.getImageAlias(String(alias), { signal })).value.target;
  },
};

const leases: More = {
  outputs: z.object({
    leases: z
      .array(
        z
          .object({
            hostname: z.string().meta({ description: "Name of the guest." }),
            macAddress: z.string().meta({ description: "Its hardware address." }),
            address: z.string().meta({ description: "Its address." }),
            type: z.string().meta({ description: "`static`, `dynamic` or `gateway`." }),
          })
          .meta({ id: "NetworkLease", description: "An address of a network that somebody has." }),
      )
      .meta({ description: "Addresses that the network gave, and its own." }),
  }),
  async read({ client, signal }, { name }) {
    const all: NetworkLease[] = await client.getNetworkLeases(String(name), { signal });
    return {
      leases: all.map(({ hostname, hwaddr, address, type }) => ({ hostname, macAddress: hwaddr, address, type })),
    };
  },
};

const more: Readonly<Record<string, More>> = { image: byAlias, network: leases };

function outputsOf(core: Core): z.ZodObject {
  const own = Object.fromEntries(Object.entries(core.inputs.shape).filter(([name]) => !passing.includes(name)));
  return z.object({
    id: z.string().meta({ description: "Id of the resource that an import of it makes." }),
    ...own,
    ...core.outputs.shape,
    ...more[core.kind]?.outputs?.shape,
  });
}

/** A name here may be one that programs cannot give, such as "default". */
const inputsOf = (core: Core): z.ZodObject =>
  z.strictObject({
    ...(more[core.kind]?.inputs ??
      Object.fromEntries(
        core.idInputs.map((name) => [
          name,
          Text.min(1).meta({ description: `The ${name} of the ${core.kind.replaceAll("-", " ")}.` }),
        ]),
      )),
    endpoint,
  });

/** @returns the function that reads an object of a kind */
export function getFunction(core: Core): CoreFunction {
  const outputs = outputsOf(core);
  const { find, read } = more[core.kind] ?? {};
  const idOf = (inputs: Props): string => {
    const parts = core.idInputs.map((name) => inputs[name]);
    return parts.length > 1 ? idOfParts(parts) : String(parts[0]);
  };
  return {
    name: `get${core.type}`,
    kind: core.kind,
    ...(core.needs === undefined ? {} : { needs: core.needs }),
    description: `Reads what is there, and changes nothing. ${core.description}`,
    inputs: inputsOf(core),
    outputs,
    title: (inputs) => (typeof inputs.alias === "string" ? inputs.alias : idOf(inputs)),
    async run(context, inputs) {
      const id = (await find?.(context, inputs)) ?? idOf(inputs);
      const live = await core.read(context, id, { [importedProperty]: [] });
      if (live === undefined)
        throw notFound(`the server has none of that ${core.idInputs.at(-1)}. Correct it, or make the object first.`);
      const outs = visibleOf(live.outs);
      const rest = await read?.(context, outs);
      return pick({ ...outs, ...rest, id: live.id }, Object.keys(outputs.shape));
    },
  };
}
