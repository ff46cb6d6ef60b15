/** Debian: a root file system by mmdebstrap, from the package sources that this machine uses. */
import { hostSources } from "../../daemon/kinds/image/build/apt";
import { execute } from "./execute";

export interface DebianRoot {
  readonly suite: string;
  /** Parts of the archive; main when absent. */
  readonly components?: readonly string[] | undefined;
  readonly packages: readonly string[];
  /** What mmdebstrap does in between: words such as --essential-hook=... */
  readonly hooks: readonly string[];
}

/** Leaves out what nobody reads in a test, and syncs nothing: a build that ends early is thrown away. */
const dpkgOptions = [
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/doc/*",
  "path-exclude=/usr/share/locale/*",
  "force-unsafe-io",
];

/** Fills a folder that is not there yet. @throws Error with mmdebstrap's last words */
export async function makeDebianRoot(
  folder: string,
  { suite, components = ["main"], packages, hooks }: DebianRoot,
): Promise<void> {
  const { sources, options } = await hostSources(suite, components);
  const args = [
    "--mode=root",
    "--variant=minbase",
    "--format=directory",
    `--include=${packages.join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...options.map((option) => `--aptopt=${option}`),
    ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
    ...hooks,
    suite,
    folder,
    ...(sources === "" ? [] : ["-"]),
  ];
  await execute("mmdebstrap", args, { input: sources });
}
