/** Terraform with a community's provider, in a folder of its own, against a daemon. Set-up cannot bring either (docs/testing.md). */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { providers } from "./tools";

const execute = promisify(execFile);

export type ProviderName = "incus" | "lxd";
/** Runs terraform with words of its own, and the variable `turn`. @returns its output @throws Error with what it said when it leaves with another code than 0 */
export type Terraform = (turn: number, ...words: string[]) => Promise<string>;

const sources = { incus: "lxc/incus", lxd: "terraform-lxd/lxd" } as const;

const header = (name: ProviderName, socket: string): string => `terraform {
  required_providers {
    ${name} = { source = "${sources[name]}" }
  }
}

provider "${name}" {
${name === "incus" ? "" : `  remote {\n    name    = "local"\n    address = "unix://${socket}"\n  }\n  default_remote = "local"\n`}}
`;

/** Runs terraform with these words, in its folder. @returns its output @throws Error with what it said when it leaves with another code than 0 */
export type PlainTerraform = (...words: string[]) => Promise<string>;

/**
 * @param files the configuration, by the names of files
 * @param where environment beside this process's, and a process in whose network namespace it runs
 */
export async function inFolder(
  name: ProviderName,
  files: Record<string, string>,
  where: { readonly env?: Record<string, string>; readonly netns?: number },
  work: (terraform: PlainTerraform, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-terraform-"));
  try {
    const settings = path.join(folder, "terraform.rc");
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
    writeFileSync(
      settings,
      `provider_installation {\n  dev_overrides {\n    "${sources[name]}" = "${providers}"\n  }\n  direct {}\n}\n`,
    );
    const env = {
      ...process.env,
      HOME: folder,
      TF_CLI_CONFIG_FILE: settings,
      CHECKPOINT_DISABLE: "1",
      ...where.env,
    };
    const enter = where.netns === undefined ? [] : ["nsenter", "--target", String(where.netns), "--net", "--"];
    await work(async (...words) => {
      const [program = "", ...all] = [...enter, "terraform", `-chdir=${folder}`, ...words];
      return (await execute(program, all, { env })).stdout;
    }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param program what is declared, besides the provider itself */
export const withTerraform = (
  name: ProviderName,
  socket: string,
  program: string,
  work: (terraform: Terraform) => Promise<void>,
): Promise<void> =>
  inFolder(name, { "main.tf": header(name, socket) + program }, { env: { INCUS_SOCKET: socket } }, (terraform) =>
    work((turn, ...words) => terraform(...words, "-no-color", `-var=turn=${turn}`)),
  );
