/** Package: where the parts that are not JavaScript lie. */
import path from "node:path";

/** The folder that holds bin/, dist/ and native/; this file runs as dist/cli/package.js. */
export const packageRoot = path.resolve(__dirname, "..", "..");

export const bothydPath = path.join(packageRoot, "bin", "bothyd");
export const cellPath = path.join(packageRoot, "native", "build", "bothy-cell");
