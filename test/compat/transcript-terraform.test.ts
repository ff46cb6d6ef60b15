/** The community's Terraform providers: what they make of bothyd is what they make of LXD 5.0.2. Set-up cannot bring them (docs/testing.md). */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../sdk/host/package";
import { type Peer, writeIdentities } from "./support/peer";
import { playScript } from "./support/play";
import { filled } from "./support/script";
import { providers, skipTerraform as skip } from "./support/tools";

/** Their own folder instead of a registry; with it terraform works without init. */
const settings = `provider_installation {
  dev_overrides {
    "terraform-lxd/lxd" = "${providers}"
    "lxc/incus"         = "${providers}"
  }
  direct {}
}
`;

const folder = path.join(packageRoot, "test/compat/scripts/terraform");

/** Writes the configuration of each group of resources: what both providers have, and what only this one has. */
function prepare(peer: Peer, provider: string): void {
  writeIdentities(peer, 2);
  writeFileSync(path.join(peer.home, "terraform.rc"), settings);
  const groups = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of groups) {
    const files = [`${provider}.tf`, "variables.tf", `${name}/main.tf`, `${name}/${provider}.tf`];
    const parts = files.map((file) => path.join(folder, file)).filter((file) => existsSync(file));
    const text = parts.map((file) => readFileSync(file, "utf8")).join("\n");
    mkdirSync(path.join(peer.home, name));
    writeFileSync(path.join(peer.home, name, "main.tf"), filled(text, { PROVIDER_: `${provider}_` }));
  }
}

/** How long things took, and when. */
const withoutNoise = (text: string): string =>
  text
    .replace(/\d{10}( -> \(known)/g, "N$1")
    .replace(/ after \d+s/g, "")
    .replace(/\[\d+s elapsed\]/g, "");

for (const provider of ["lxd", "incus"])
  test(`terraform-provider-${provider} does with bothyd what it does with LXD, step by step`, { skip }, () =>
    playScript({
      name: `terraform-${provider}`,
      script: { name: "terraform", fill: { PROVIDER_: `${provider}_` } },
      prepare: (peer) => prepare(peer, provider),
      env: {
        TF_CLI_CONFIG_FILE: "terraform.rc",
        TF_CLI_ARGS_apply: "-auto-approve -parallelism=1",
        TF_CLI_ARGS_destroy: "-auto-approve -parallelism=1",
        TF_CLI_ARGS_plan: "-detailed-exitcode",
        TF_IN_AUTOMATION: "1",
        CHECKPOINT_DISABLE: "1",
      },
      prelude:
        'export TF_VAR_socket="$SOCK" TF_CLI_CONFIG_FILE="$HOME/terraform.rc"; tf() { d=$1; shift; export TF_CLI_ARGS="-no-color"; [ "$1" != state ] || unset TF_CLI_ARGS; terraform "-chdir=$d" "$@"; }',
      present: withoutNoise,
    }),
  );
