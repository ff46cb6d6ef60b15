/** The text of schema.json: the package's definitions, with examples in the descriptions of its kinds. */
import { packageSchema } from "../../provider/schema/package";
import { examples } from "./examples";
import { goOf } from "./go";
import { pythonOf } from "./python";
import { nodeOf, yamlOf } from "./yaml-and-node";

/** The languages of an example, by the word with which Pulumi marks its code. */
export const languages = { typescript: nodeOf, python: pythonOf, go: goOf, yaml: yamlOf } as const;
export type Language = keyof typeof languages;

/** @param type of a kind, such as "Container" @throws Error for a kind that has no example */
export function exampleOf(type: string, language: Language): string {
  const example = examples[type];
  if (example === undefined)
    throw new Error(
      `Cannot write schema.json: the kind ${type} has no example. Add one to scripts/schema/examples.ts.`,
    );
  return languages[language](example);
}

/** Shortcodes by which Pulumi's generators find the code of one language. */
function described(description: string, type: string): string {
  const blocks = (Object.keys(languages) as Language[]).map(
    (language) => `\`\`\`${language}\n${exampleOf(type, language)}\`\`\`\n`,
  );
  return `${description}\n\n{{% examples %}}\n## Example Usage\n\n{{% example %}}\n${blocks.join("")}{{% /example %}}\n{{% /examples %}}`;
}

export function schemaText(): string {
  const schema = packageSchema();
  const resources = Object.entries(schema.resources).map(([token, resource]) => {
    const type = token.replace("bothy:index:", "");
    return [token, { ...resource, description: described(resource.description, type) }];
  });
  return `${JSON.stringify({ ...schema, resources: Object.fromEntries(resources) }, null, 2)}\n`;
}
