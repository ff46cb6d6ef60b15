/** init: writes a first program. It needs neither a daemon nor the network. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Command, UsageError } from "../command";
import { neededPackages, type ProgramFiles, programOf, surroundingsOf } from "./files";

export const init: Command = {
  words: "[FOLDER] [NAME]",
  withoutDaemon: true,
  options: {
    name: { type: "string", short: "n", value: "NAME", help: "Name of the Pulumi project. Default: the folder's." },
  },
  details: [
    "Writes Pulumi.yaml and index.ts, and package.json and tsconfig.json where there are none. Nothing is overwritten.",
    "FOLDER is made when it is not there; without it the program goes into this folder.",
  ].join("\n"),
  run: async ({ words: [folder = ".", second], value, output }) => {
    const target = path.resolve(folder);
    const name = projectName(value("name") ?? second, target);
    const program = programOf(name);
    const surroundings = surroundingsOf(name);
    const inTheWay = Object.keys(program).filter((file) => existsSync(path.join(target, file)));
    if (inTheWay.length > 0)
      throw new UsageError(
        `Cannot write a program into "${target}": ${inTheWay.join(" and ")} ${inTheWay.length > 1 ? "are" : "is"} there already. Name another folder.`,
      );
    const written = write(target, { ...program, ...missing(target, surroundings) });
    output.say(`Wrote ${written.join(", ")} in ${target}.`);
    output.say(["", "Next:", ...nextCommands(folder, target).map((line) => `  ${line}`)].join("\n"));
    return 0;
  },
};

/** Of Pulumi's letters only, and of npm's: the name stands in both files. @throws UsageError */
function projectName(wanted: string | undefined, target: string): string {
  if (wanted === undefined)
    return (
      path
        .basename(target)
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, 60) || "machines"
    );
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/.test(wanted)) return wanted;
  throw new UsageError(
    `Cannot name the project ${JSON.stringify(wanted)}: use small letters, digits, dashes, dots and underscores, a letter or digit first.`,
  );
}

const missing = (target: string, files: ProgramFiles): ProgramFiles =>
  Object.fromEntries(Object.entries(files).filter(([file]) => !existsSync(path.join(target, file))));

/** Never over a file that came meanwhile. @returns what was written, in order */
function write(target: string, files: ProgramFiles): string[] {
  mkdirSync(target, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(target, file), content, { flag: "wx" });
  return Object.keys(files);
}

/** Packages that an older package.json does not name. */
function unnamed(target: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(target, "package.json"), "utf8")) as Record<string, object>;
  const { dependencies, devDependencies } = neededPackages();
  const named = { ...manifest.devDependencies, ...manifest.dependencies };
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name]) => !Object.hasOwn(named, name))
    .map(([name, version]) => (version.startsWith("file:") ? version.slice("file:".length) : `${name}@${version}`));
}

function nextCommands(folder: string, target: string): string[] {
  return [
    ...(path.resolve(".") === target ? [] : [`cd ${folder}`]),
    ["npm install", ...unnamed(target)].join(" "),
    "pulumi login --local      # keep the state on this machine",
    "pulumi stack init dev",
    "pulumi up                 # as root; it starts the daemon when none runs",
  ];
}
