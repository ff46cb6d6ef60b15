/** Architecture of the host, in the kernel's and LXD's words. */

/** By Node's words. */
const names: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armv7l",
  ia32: "i686",
  ppc64: "ppc64le",
};

export const hostArchitecture = names[process.arch] ?? process.arch;
