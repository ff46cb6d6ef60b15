/** Readable: what typedoc is told so that its page has the names of the sources, and calls by subject. */
import path from "node:path";
import {
  type Application,
  Comment,
  CommentTag,
  type Context,
  Converter,
  type DeclarationReflection,
  ReflectionKind,
  type SignatureReflection,
  TypeScript as ts,
} from "typedoc";

/** Prepares an application before it converts. */
export function readable(app: Application): void {
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, keepNames);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, nameSubject);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, leaveOut);
}

/** Calls are arrow functions, whose types typedoc takes as they are inferred: an Instance with all its fields, for each call. */
function keepNames(context: Context, reflection: SignatureReflection, declaration?: ts.Node): void {
  if (declaration === undefined || !ts.isArrowFunction(declaration)) return;
  const within = context.withScope(reflection);
  if (declaration.type) reflection.type = context.converter.convertType(within, declaration.type);
  for (const [at, parameter] of (reflection.parameters ?? []).entries()) {
    const node = declaration.parameters[at]?.type;
    if (node) parameter.type = context.converter.convertType(within.withScope(parameter), node);
  }
}

/** The file that a call is made in is its subject. */
function nameSubject(context: Context, reflection: DeclarationReflection): void {
  if (reflection.parent?.name !== "Client" || !reflection.parent.kindOf(ReflectionKind.Interface)) return;
  const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName ?? "";
  const words = path.basename(file, ".ts").replaceAll("-", " ");
  const subject = words === "client" ? "Connection" : `${words[0]?.toUpperCase()}${words.slice(1)}`;
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: subject }]));
}

/** Takes out what says a thing twice: a zod schema beside the type of its name, and of what types a client is put together. */
function leaveOut({ project }: Context): void {
  const all = Object.values(project.reflections) as DeclarationReflection[];
  const types = new Set(all.filter((one) => one.kindOf(ReflectionKind.TypeAlias)).map(({ name }) => name));
  for (const one of all) {
    delete one.inheritedFrom;
    if (one.kindOf(ReflectionKind.Property)) delete one.defaultValue;
    if (one.kindOf(ReflectionKind.Interface) && one.name === "Client") delete one.extendedTypes;
    if (one.kindOf(ReflectionKind.Variable) && types.has(one.name)) project.removeReflection(one);
  }
}
