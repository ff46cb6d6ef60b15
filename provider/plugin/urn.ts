/** URN: what the engine calls a resource by: `urn:pulumi:dev::shop::a:b:Site$bothy:index:Container::web`. */
import type { Core } from "../core/engine/core";
import type { Owner } from "../core/engine/stamp";
import { cores } from "../core/kinds/cores";

/** @returns whose an object is that is made for a resource. An engine does not tell a plugin its organization. */
export function ownerOf(urn: string): Owner {
  const [stack = "", project = "", types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  const parents = types.split("$").slice(0, -1).join("$");
  return { project, stack, resource: name.join("::"), ...(parents === "" ? {} : { parents }) };
}

const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** @throws Error for a type that this version of the package does not know */
export function coreFor(urn: string): Core {
  const type = typeOf(urn);
  const core = cores.find((one) => `bothy:index:${one.type}` === type);
  if (core === undefined)
    throw new Error(
      `Cannot serve the type "${type}": this version of bothy does not know it. Update the package bothy.`,
    );
  return core;
}
