/** Files: what a first program consists of. */
import { packageReference, testedVersions } from "../../sdk/host/package";

/** Path inside the folder and content. */
export type ProgramFiles = Readonly<Record<string, string>>;

type Words = Readonly<Record<string, string>>;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const program = [
  "// A machine container: a whole Linux system that starts in milliseconds.",
  'import * as bothy from "bothy";',
  "",
  'const web = new bothy.Container("web", {',
  '  // "template:debian/12" is a Debian with systemd; its image is built on first use.',
  '  image: "template:busybox",',
  '  config: { "limits.memory": "64MiB" },',
  "  files: {",
  "    // The template busybox runs this at its start.",
  '    "/etc/rc.local": { mode: "0755", content: "#!/bin/sh\\nhttpd -h /var/www\\n" },',
  '    "/var/www/index.html": { content: "Hello from a machine container.\\n" },',
  "  },",
  "});",
  "",
  "export const name = web.name;",
  "export const address = web.ipv4Address;",
]
  .join("\n")
  .concat("\n");

const project = (name: string): string => `name: ${name}
description: Machine containers
runtime: nodejs
main: index.ts
`;

const compiler = {
  compilerOptions: {
    target: "es2022",
    module: "commonjs",
    moduleResolution: "node",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
  },
  files: ["index.ts"],
};

/** Packages that a program needs, by name and version. */
export function neededPackages(): { readonly dependencies: Words; readonly devDependencies: Words } {
  const tested = testedVersions();
  const of = (...names: string[]) => Object.fromEntries(names.map((name) => [name, tested[name] ?? "latest"]));
  return {
    dependencies: { ...of("@pulumi/pulumi"), bothy: packageReference() },
    devDependencies: of("@types/node", "typescript"),
  };
}

/** What must not be there before. */
export const programOf = (name: string): ProgramFiles => ({ "Pulumi.yaml": project(name), "index.ts": program });

/** What is left alone when it is there. */
export const surroundingsOf = (name: string): ProgramFiles => ({
  "package.json": json({ name, private: true, ...neededPackages() }),
  "tsconfig.json": json(compiler),
});
