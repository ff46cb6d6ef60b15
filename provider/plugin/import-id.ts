/** Import id: what people write to import an object: `[remote:][project/]name[,image=NAME]`, or `[remote:][project]/pool/volume`. */
import { badRequest } from "../../sdk/api/errors";
import type { Core } from "../core/engine/core";
import { getRemoteEndpoint } from "../endpoint";

export interface Imported {
  /** As the state keeps it. */
  readonly id: string;
  /** Inputs that the words of the id tell. */
  readonly inputs: { readonly endpoint?: string; readonly image?: string };
}

/** Kinds of the whole server. */
const unscoped: readonly string[] = ["certificate", "cluster-group", "project", "server-config", "trust-token"];

const titleOf = ({ kind }: Core): string => kind.replaceAll("-", " ");

/** The form in which a kind is imported, for people. */
export const formOf = ({ kind, idInputs, idForms }: Core): string => {
  if (idForms !== undefined) return idForms.map((form) => `[remote:][project/]${form.join("/")}`).join(" or ");
  const name = idInputs.map((input) => `<${input}>`).join("/") || "<id>";
  // The path of a file begins with a slash: a project before it could not be told from the container.
  const isUnscoped = unscoped.includes(kind) || kind === "file";
  const project = isUnscoped ? "" : idInputs.length > 1 ? "[project]/" : "[project/]";
  return `[remote:]${project}${name}${kind === "container" ? "[,image=<image>]" : ""}`;
};

const wrong = (core: Core, text: string, cause: string) =>
  badRequest(`Cannot import ${titleOf(core)} "${text}": ${cause}. Write it as ${formOf(core)}.`);

/** A path in a container has slashes of its own, so its project is the provider's. */
function fileParts(text: string): string[] {
  const [instance = "", ...path] = text.split("/");
  return [instance, path.join("/")];
}

/**
 * Reads an id that a person wrote.
 * @param project the one that the provider works in
 * @throws ApiError BAD_REQUEST that tells the form
 */
export function parseImportId(core: Core, text: string, project = "default"): Imported {
  const [main = "", ...options] = text.split(",");
  const inputs: { endpoint?: string; image?: string } = {};
  for (const option of options) {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(option) ?? [];
    if (name !== "image" || value === undefined || core.kind !== "container")
      throw wrong(core, text, `"${option}" says nothing of a ${titleOf(core)}`);
    inputs.image = value;
  }
  const [, remote, rest = main] = /^([^:/]+):(.*)$/s.exec(main) ?? [];
  if (remote !== undefined) {
    if (getRemoteEndpoint(remote) === undefined) throw wrong(core, text, `there is no remote "${remote}"`);
    inputs.endpoint = `remote:${remote}`;
  }
  const parts = core.kind === "file" ? fileParts(rest) : rest.split("/");
  if (core.idForms !== undefined) return { ...ofForm(core, text, parts, project), inputs };
  const count = Math.max(core.idInputs.length, 1);
  const isScoped = !unscoped.includes(core.kind) && parts.length === count + 1;
  const named = isScoped ? parts.slice(1) : parts;
  if (named.length !== count || named.includes("")) throw wrong(core, text, "it has another form");
  const [scope = ""] = isScoped ? parts : [];
  requireProject(core, text, scope, project);
  return { id: named.join("/"), inputs };
}

function requireProject(core: Core, text: string, scope: string, project: string): void {
  if (scope === "" || scope === project) return;
  throw badRequest(
    `Cannot import ${titleOf(core)} "${text}": the provider works in the project "${project}". Import it by a provider with project: "${scope}".`,
  );
}

/** The id of a kind whose ids have several forms, with a project before it or not. */
function ofForm(core: Core, text: string, parts: readonly string[], project: string): { readonly id: string } {
  const isForm = (named: readonly string[]) =>
    core.idForms?.some(([word, ...others]) => named[0] === word && named.length === others.length + 1) === true &&
    !named.includes("");
  if (isForm(parts)) return { id: parts.join("/") };
  const [scope = "", ...named] = parts;
  if (!isForm(named)) throw wrong(core, text, "it has another form");
  requireProject(core, text, scope, project);
  return { id: named.join("/") };
}
