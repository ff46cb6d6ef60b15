/** The clients that set-up brings into the caches' folder, and those that a machine may have. */
import { existsSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../../sdk/host/package";
import { requireFeature } from "../../support/require";

/** The part of scripts/setup/clients.js that is asked here. */
interface Clients {
  readonly pythonOf: (cache: string) => string;
  readonly incusOf: (cache: string) => string;
}

const setup = (name: string): unknown => require(path.join(packageRoot, "scripts/setup", name));
const { cacheFolder } = setup("context.js") as { cacheFolder: () => string };
const clients = setup("clients.js") as Clients;

/** The interpreter that has pylxd. */
export const python = clients.pythonOf(cacheFolder());
export const skipPylxd = requireFeature("pylxd", existsSync(python));

/** The folder of Debian 13's incus client. */
export const incusFolder = path.dirname(clients.incusOf(cacheFolder()));
export const skipIncus = requireFeature("incus", existsSync(clients.incusOf(cacheFolder())));

/** The folder of terraform-provider-lxd and terraform-provider-incus, which no package registry has. */
export const providers = process.env.BOTHY_TERRAFORM_PROVIDERS ?? "";
const hasTerraform = ["/usr/local/bin", "/usr/bin"].some((folder) => existsSync(path.join(folder, "terraform")));
const hasProviders = ["lxd", "incus"].every((name) => existsSync(path.join(providers, `terraform-provider-${name}`)));
export const skipTerraform =
  requireFeature("terraform", hasTerraform && hasProviders) &&
  "BOTHY_TERRAFORM_PROVIDERS names no folder of terraform-provider-lxd and -incus, or this machine has no terraform";
