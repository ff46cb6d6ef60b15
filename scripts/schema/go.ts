/** Examples in Go, with the package that Pulumi makes of schema.json. */
import { type Example, type ExampleValue, isMap, Ref, used } from "./example";
import { inner, type Property, propertiesOf, typeNameOf } from "./typed";

const exported = (name: string): string => name[0]!.toUpperCase() + name.slice(1);

const scalars: Readonly<Record<string, string>> = {
  boolean: "Bool",
  integer: "Int",
  number: "Float64",
  string: "String",
};

/** The part of Go's type that tells what is in it: "StringArray", "ContainerPort". @returns with the package before it */
function typeOf(property: Property | undefined): string {
  const name = typeNameOf(property);
  if (name !== undefined) return `bothy.${name}`;
  if (property?.items !== undefined) return `${typeOf(property.items)}Array`;
  if (property?.additionalProperties !== undefined) return `${typeOf(property.additionalProperties)}Map`;
  return `pulumi.${scalars[property?.type ?? "string"] ?? "String"}`;
}

/** Members of a literal, as gofmt has them: values of neighbours on one line each stand below each other. */
function laid(members: readonly (readonly [string, string])[], indent: string): string {
  const isShort = (at: number) => members[at]?.[1].includes("\n") === false;
  const widthAt = (at: number): number => {
    let [from, to] = [at, at];
    while (isShort(from - 1)) from -= 1;
    while (isShort(to + 1)) to += 1;
    return Math.max(...members.slice(from, to + 1).map(([key]) => key.length));
  };
  return members
    .map(([key, value], at) => {
      const gap = isShort(at) ? " ".repeat(widthAt(at) - key.length) : "";
      return `${indent}${key}: ${gap}${value},\n`;
    })
    .join("");
}

function go(value: ExampleValue, property: Property | undefined, indent: string): string {
  if (value instanceof Ref) return `${value.resource}.${exported(value.property)}`;
  const type = typeOf(property);
  if (typeof value !== "object") return `${type}(${JSON.stringify(value)})`;
  const deeper = `${indent}\t`;
  const isType = typeNameOf(property) !== undefined;
  const body = isMap(value)
    ? laid(
        Object.entries(value).map(([key, one]) => {
          const { isNamed, property: next } = inner(property, key);
          return [isNamed ? exported(key) : JSON.stringify(key), go(one, next, deeper)] as const;
        }),
        deeper,
      )
    : (value as readonly ExampleValue[])
        .map((one) => `${deeper}${go(one, inner(property).property, deeper)},\n`)
        .join("");
  return `${isType ? `&${type}Args` : type}{\n${body}${indent}}`;
}

export function goOf(example: Example): string {
  const needed = used(example);
  const calls = example.map(({ name, type, inputs, after }, at) => {
    const properties = propertiesOf(type);
    const fields = laid(
      Object.entries(inputs).map(([key, value]) => [exported(key), go(value, properties[key], "\t\t\t")] as const),
      "\t\t\t",
    );
    const options = after === undefined ? "" : `, pulumi.DependsOn([]pulumi.Resource{${after.join(", ")}})`;
    const isLast = at === example.length - 1;
    const given = needed.has(name) ? `${name}, err :=` : at === 0 ? "_, err :=" : "_, err =";
    return [
      `\t\t${given} bothy.New${type}(ctx, ${JSON.stringify(name)}, &bothy.${type}Args{\n${fields}\t\t}${options})`,
      ...(isLast ? ["\t\treturn err"] : ["\t\tif err != nil {", "\t\t\treturn err", "\t\t}"]),
    ].join("\n");
  });
  return `package main

import (
	"bothy/sdk/bothy"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
${calls.join("\n")}
	})
}
`;
}
