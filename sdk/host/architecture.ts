/** Architecture: what this machine is called by the kernel and by LXD. */

/** By Node's words. */
const nodeNames: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armv7l",
  ia32: "i686",
  ppc64: "ppc64le",
};

/** @param node Node's name of an architecture, as in process.arch @returns LXD's name, which is that of `uname -m` */
export const architectureOf = (node: string): string => nodeNames[node] ?? node;

export const hostArchitecture = architectureOf(process.arch);
