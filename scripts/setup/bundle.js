"use strict";
// Step: the programs as they are started, one file each, by esbuild: dist/bundle. It takes half a second.

const fs = require("node:fs");
const path = require("node:path");

/**
 * Folder below dist/bundle to its files and their sources. A start file loads the main file beside it when the code cache is on. The entry of dynamic
 * resources is no program; the engine starts a process for it in each run.
 */
const PROGRAMS = {
  bothy: { start: "cli/start.ts", main: "cli/main.ts" },
  bothyd: {
    start: "daemon/start.ts",
    main: "daemon/main.ts",
    "check-process": "daemon/kinds/image/archive/check-process.ts",
    "check-backup-process": "daemon/kinds/backup/archive/check-backup-process.ts",
    "products-process": "daemon/kinds/image/remote/streams/products-process.ts",
    "layers-process": "daemon/kinds/image/oci/layers-process.ts",
  },
  "pulumi-resource-bothy": { start: "provider/plugin/start.ts", main: "provider/plugin/main.ts" },
  "dynamic-entry": { entry: "provider/dynamic/entry.ts" },
};

/**
 * Modules of Node that a package names at its top and that a program of ours needs seldom or never: each costs milliseconds at
 * every start, so they are loaded when something of them is used.
 */
const SELDOM = /^(node:)?(child_process|http2|https|tls|zlib)$/;

const seldomUsed = {
  name: "seldom-used",
  setup(build) {
    build.onResolve({ filter: SELDOM }, ({ path: name, namespace, importer }) =>
      namespace === "seldom" || !importer.includes("/node_modules/")
        ? { path: name, external: true }
        : { path: name, namespace: "seldom" },
    );
    build.onLoad({ filter: /.*/, namespace: "seldom" }, ({ path: name }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, key) => require(${JSON.stringify(name)})[key] });`,
    }));
  },
};

/**
 * Packages that only HTTPS needs: npm installs them, and a bundle with them would be read at every start. And the one whose own copies of
 * gRPC and protobuf the plugin asks for (provider/plugin/grpc.ts).
 */
const INSTALLED = ["node-forge", "undici", "@pulumi/pulumi"];

/** The packages whose code is in a bundle: folder by name. */
function packagesIn(root, inputs) {
  const folders = new Map();
  for (const file of Object.keys(inputs)) {
    const [, folder, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file) ?? [];
    if (folder) folders.set(name, path.join(root, folder));
  }
  return [...folders].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What their licences ask of whoever passes the packages on: their texts, where a package carries one. */
function licences(packages) {
  return packages
    .map(([name, folder]) => {
      const file = fs.readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
      const text = file ? fs.readFileSync(path.join(folder, file), "utf8").trim() : "The package carries no text.";
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * Replaces the characters of a comment that are not ASCII: esbuild escapes all others, and one alone makes Node read the file
 * three times as slowly and hold it in twice the memory.
 */
function toAscii(file) {
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace(/[^\x00-\x7f]/g, "?"));
}

async function bundle(root) {
  // Not before: set-up loads this file when no package is installed yet.
  const { build } = require("esbuild");
  const outdir = path.join(root, "dist", "bundle");
  const inputs = {};
  for (const [program, files] of Object.entries(PROGRAMS))
    for (const [name, source] of Object.entries(files)) {
      const { metafile } = await build({
        absWorkingDir: root,
        // A release links the packages of the checkout, whose place the bundle would name.
        preserveSymlinks: true,
        entryPoints: { [name]: source },
        outdir: path.join(outdir, program),
        bundle: true,
        metafile: true,
        platform: "node",
        format: "cjs",
        // An old Node must understand the file that refuses it.
        target: name === "start" ? "node16" : "node22.19",
        external: name === "start" ? ["./main"] : INSTALLED,
        supported: { "dynamic-import": false },
        plugins: [seldomUsed],
        // The engine's process reads the map of each file that an error names.
        sourcemap: name !== "entry" && "linked",
        legalComments: "none",
        logLevel: "warning",
      });
      toAscii(path.join(outdir, program, `${name}.js`));
      Object.assign(inputs, metafile.inputs);
    }
  fs.writeFileSync(path.join(outdir, "LICENSES.txt"), licences(packagesIn(root, inputs)));
}

if (require.main === module) bundle(path.resolve(__dirname, "../.."));

module.exports = {
  purposes: ["build", "run", "test"],
  label: "Bundling the programs",
  bundle,

  needed: () => true,

  run: ({ root }) => bundle(root),
};
