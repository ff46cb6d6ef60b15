/** Pack: a built root file system becomes a unified image, always the same bytes for the same tree. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { hostArchitecture } from "../../../../sdk/host/architecture";
import { findProgram } from "../../../../sdk/host/program";
import { run } from "../../../platform/processes/run";
import type { Definition, Template } from "../templates/template";
import { folderInto, linkInto, removeInto, writeInto } from "./tree";

const hostname = `{{ container.name }}\n`;
const hosts = "127.0.0.1\tlocalhost\n127.0.1.1\t{{ container.name }}\n\n::1\tlocalhost ip6-localhost ip6-loopback\n";

/** Files that are made of templates in every container. */
export const hostTemplates = {
  "/etc/hostname": { when: ["create", "copy", "rename"], template: "hostname.tpl" },
  "/etc/hosts": { when: ["create", "copy", "rename"], template: "hosts.tpl" },
};

/** Writes the templates of those files into folder/templates. */
export async function writeTemplates(folder: string): Promise<void> {
  await mkdir(path.join(folder, "templates"));
  await writeFile(path.join(folder, "templates", "hostname.tpl"), hostname);
  await writeFile(path.join(folder, "templates", "hosts.tpl"), hosts);
}

/** Writes what a definition adds to its root: removals first, then folders, files and symlinks. */
export function customise(root: string, definition: Definition): void {
  for (const innerPath of definition.remove) removeInto(root, innerPath);
  for (const innerPath of definition.folders) folderInto(root, innerPath);
  for (const { path: innerPath, content, mode } of definition.files)
    writeInto(root, innerPath, content, Number.parseInt(mode, 8));
  for (const [innerPath, target] of Object.entries(definition.symlinks)) linkInto(root, innerPath, target);
}

/**
 * Writes metadata.yaml and the file templates beside folder/rootfs and packs all into one file.
 * @param createdSeconds since 1970; also the time stamp of files made now
 */
export async function packImage(
  folder: string,
  target: string,
  { template, createdSeconds }: { template: Template; createdSeconds: number },
  signal: AbortSignal,
): Promise<void> {
  const { definition, name } = template;
  const metadata = {
    architecture: hostArchitecture,
    creation_date: createdSeconds,
    properties: {
      architecture: hostArchitecture,
      template: name,
      ...(definition.description === undefined ? {} : { description: definition.description }),
      ...definition.properties,
    },
    templates: hostTemplates,
  };
  await writeFile(path.join(folder, "metadata.yaml"), stringify(metadata));
  await writeTemplates(folder);
  const packer = findProgram("zstd") !== undefined ? "zstd -q -3 -T0" : "gzip -n";
  await run(
    "tar",
    [
      "--create",
      `--file=${target}`,
      `--directory=${folder}`,
      `--use-compress-program=${packer}`,
      "--format=pax",
      "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
      "--sort=name",
      `--clamp-mtime`,
      `--mtime=@${createdSeconds}`,
      "--numeric-owner",
      "--xattrs",
      "--xattrs-include=*",
      "--sparse",
      "metadata.yaml",
      "templates",
      "rootfs",
    ],
    { signal },
  );
}
