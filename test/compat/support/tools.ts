/** The clients that set-up brings into the caches' folder, and those that a machine may have. */
import { existsSync } from "node:fs";
import { requireFeature } from "../../support/require";

/** The interpreter that has pylxd. */
export const python = process.env.TRYPY ?? "";
export const skipPylxd = requireFeature("pylxd", existsSync(python));
