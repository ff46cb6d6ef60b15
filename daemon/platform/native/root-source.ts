/** Root source: where the root of a container lies on the host. */

/** How the native layer gets at a volume's root; ids on disk are the container's own (0-based). */
export type RootSource =
  | { readonly type: "dir"; readonly path: string }
  | {
      readonly type: "overlay";
      readonly upper: string;
      readonly work: string;
      /** Topmost first. */
      readonly lower: readonly string[];
    };
