/** Examples in YAML, and in TypeScript with the classes of bothy/native. */
import { stringify } from "yaml";
import { Code, source, type Value } from "../../cli/compose/source";
import { type Example, type ExampleValue, isMap, Ref, used } from "./example";

const ofMap = <T>(map: object, one: (value: ExampleValue) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, one(value as ExampleValue)]));

function inYaml(value: ExampleValue): unknown {
  if (value instanceof Ref) return `\${${value.resource}.${value.property}}`;
  if (isMap(value)) return ofMap(value, inYaml);
  // A dollar sign is a variable's only before a brace.
  return Array.isArray(value) ? value.map(inYaml) : value;
}

export function yamlOf(example: Example): string {
  const resources = example.map(({ name, type, inputs, after }) => [
    name,
    {
      type: `bothy:${type}`,
      properties: inYaml(inputs),
      ...(after === undefined ? {} : { options: { dependsOn: after.map((one) => `\${${one}}`) } }),
    },
  ]);
  return stringify({ resources: Object.fromEntries(resources) }, { lineWidth: 0, version: "1.1" });
}

function inNode(value: ExampleValue): Value {
  if (value instanceof Ref) return new Code(`${value.resource}.${value.property}`);
  if (isMap(value)) return ofMap(value, inNode);
  return Array.isArray(value) ? value.map(inNode) : (value as Value);
}

export function nodeOf(example: Example): string {
  const needed = used(example);
  const lines = example.map(({ name, type, inputs, after }) => {
    const head = `${needed.has(name) ? `const ${name} = ` : ""}new bothy.${type}(${JSON.stringify(name)}, `;
    const options = after === undefined ? "" : `, { dependsOn: [${after.join(", ")}] }`;
    return `${head}${source(inNode(inputs), "", head.length)}${options});`;
  });
  return ['import * as bothy from "bothy/native";', "", ...lines, ""].join("\n");
}
