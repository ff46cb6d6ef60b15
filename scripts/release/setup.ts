/** Setup: what a release has from set-up, whose modules are plain JavaScript that no compiler copies to dist. */
import path from "node:path";

export const repository = path.resolve(__dirname, "../../..");

export interface SetupContext {
  readonly cache: string;
}

const load = <T>(name: string): T => require(path.join(repository, "scripts/setup", `${name}.js`)) as T;

const { makeContext, buildingFolder, which } = load<{
  makeContext(purpose: "release"): SetupContext;
  buildingFolder(folder: string, name: string): string;
  which(program: string): string | undefined;
}>("context");
const { ARCHITECTURES, hasCross } = load<{
  readonly ARCHITECTURES: Readonly<Record<string, { readonly node: string }>>;
  hasCross(context: SetupContext): boolean;
}>("cross");
const { muslFolder } = load<{ muslFolder(context: SetupContext, architecture: string): string }>("musl");

export { which };

const context = makeContext("release");

/** The architectures that a release holds: the kernel's name to Node's. */
export const architectures: ReadonlyMap<string, string> = new Map(
  Object.entries(ARCHITECTURES).map(([name, { node }]) => [name, node]),
);

/** Whether this machine can build for all of them; set-up for a release or the tests brings what is missing. */
export const canBuildAll = (): boolean => hasCross(context);

/** Where set-up put musl for an architecture that is not this machine's. */
export const muslOf = (architecture: string): string => muslFolder(context, architecture);

/** A folder in the checkout for this process alone, out of git's sight. What killed releases left is taken away. */
export const workFolder = (): string => buildingFolder(path.join(repository, ".toolchain"), "release");
