/** Examples in Python, with the package that Pulumi makes of schema.json. */
import { type Example, type ExampleValue, isMap, Ref, used } from "./example";
import { inner, type Property, propertiesOf } from "./typed";

const keywords = ["for", "from", "in", "is", "not", "or", "and", "if", "else", "del", "pass", "with", "as", "class"];

const snake = (name: string): string => {
  const text = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return keywords.includes(text) ? `${text}_` : text;
};

/** @param property of the schema: keys of its types are names, those of its maps are texts */
function python(value: ExampleValue, property: Property | undefined, indent: string): string {
  if (value instanceof Ref) return `${value.resource}.${snake(value.property)}`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const parts = isMap(value)
    ? Object.entries(value).map(([key, one]) => {
        const { isNamed, property: next } = inner(property, key);
        return `${JSON.stringify(isNamed ? snake(key) : key)}: ${python(one, next, deeper)}`;
      })
    : (value as readonly ExampleValue[]).map((one) => python(one, inner(property).property, deeper));
  const [open, close] = isMap(value) ? ["{", "}"] : ["[", "]"];
  return laid(open, parts, close, indent);
}

/** On one line where that is short. */
function laid(open: string, parts: readonly string[], close: string, indent: string): string {
  const line = `${open}${parts.join(", ")}${close}`;
  if (line.length < 72 && !line.includes("\n")) return line;
  return `${open}\n${parts.map((part) => `${indent}    ${part},\n`).join("")}${indent}${close}`;
}

export function pythonOf(example: Example): string {
  const needed = used(example);
  const needsPulumi = example.some(({ after }) => after !== undefined);
  const lines = example.map(({ name, type, inputs, after }) => {
    const properties = propertiesOf(type);
    const words = Object.entries(inputs).map(
      ([key, value]) => `${snake(key)}=${python(value, properties[key], "    ")}`,
    );
    const options = after === undefined ? [] : [`opts=pulumi.ResourceOptions(depends_on=[${after.join(", ")}])`];
    const call = laid(`bothy.${type}(`, [JSON.stringify(name), ...words, ...options], ")", "");
    return `${needed.has(name) ? `${name} = ` : ""}${call}`;
  });
  return [...(needsPulumi ? ["import pulumi"] : []), "import bothy", "", ...lines, ""].join("\n");
}
