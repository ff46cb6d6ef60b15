/** Architectures: their names in LXD's words, the other names that they go by, and which of them this host runs. */
import { badRequest } from "../../../sdk/api/errors";
import { hostArchitecture } from "../../../sdk/host/architecture";

/** LXD's name, and the names of distributions, Go and others for the same (docs/lxd-api.md, Images). */
const aliases: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["amd64", "generic_64"],
  i686: ["i386", "i586", "386", "x86", "generic_32"],
  aarch64: ["arm64", "arm64_generic"],
  armv8l: [],
  armv7l: ["armhf", "armhfp", "armv7", "armv7a_hardfp", "armv7a_vfpv3_hardfp"],
  armv6l: ["armel", "arm"],
  ppc: ["powerpc"],
  ppc64: ["powerpc64"],
  ppc64le: ["ppc64el"],
  s390x: [],
  mips: ["mipsel", "mipsle"],
  mips64: ["mips64el", "mips64le"],
  riscv32: [],
  riscv64: [],
};

const byName: ReadonlyMap<string, string> = new Map(
  Object.entries(aliases).flatMap(([name, others]) => [name, ...others].map((other) => [other, name] as const)),
);

/** @returns LXD's name of an architecture, or undefined when there is none of that name */
export const findArchitecture = (name: string): string | undefined => byName.get(name);

/** @returns LXD's name of an architecture @throws ApiError BAD_REQUEST that names those there are */
export function requireArchitecture(name: string): string {
  const found = findArchitecture(name);
  if (found !== undefined) return found;
  throw badRequest(
    `Architecture isn't supported: ${JSON.stringify(name)}. Use one of ${Object.keys(aliases).join(", ")}, or another name of it such as amd64.`,
  );
}

/** Whose programs a kernel runs beside its own. */
const smaller: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["i686"],
  aarch64: ["armv8l", "armv7l", "armv6l"],
};

/** All that this host runs, its own first. */
export const hostArchitectures: readonly string[] = [hostArchitecture, ...(smaller[hostArchitecture] ?? [])];

/** @returns LXD's name of the architecture @param what such as 'create instance "web"' @throws ApiError BAD_REQUEST when this host cannot run it */
export function requireRunnable(architecture: string, what: string): string {
  const name = requireArchitecture(architecture);
  if (!hostArchitectures.includes(name))
    throw badRequest(
      `Cannot ${what}: Requested architecture isn't supported by this host: it runs ${hostArchitectures.join(" and ")}, not ${name}. Use an image of one of these.`,
    );
  return name;
}
