"use strict";
// Pulumi built from its Go modules, for machines that do not reach its download host. scripts/engine holds the modules;
// go.sum there is what the sources are checked against.

const fs = require("node:fs");
const path = require("node:path");
const { which } = require("./context.js");
const { outputOf, run } = require("./run.js");
const { isAtLeast } = require("./version.js");

const COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
/** The language host's own module is not published; the sdk module held it up to v3.65.0, and that one serves today's SDK. */
const LANGUAGE_HOST = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
const LAUNCHER = "node_modules/@pulumi/pulumi/pulumi-resource-pulumi-nodejs";

/** The Go version that the modules ask for, as go.mod says. */
function wantedGo(moduleFolder) {
  return /^go (\S+)$/m.exec(fs.readFileSync(path.join(moduleFolder, "go.mod"), "utf8"))[1];
}

/**
 * Builds the three programs of the engine.
 * @param folder an empty folder, which gets the programs
 * @throws Error when there is no Go that is new enough, or a build fails
 */
async function buildEngine(context, folder, version, progress) {
  const modules = path.join(context.root, "scripts/engine");
  const minimum = wantedGo(path.join(modules, "cli"));
  if (
    !which("go") ||
    !isAtLeast(outputOf("go", ["env", "GOVERSION"], { cwd: path.join(modules, "cli") }) ?? "", minimum)
  )
    throw new Error(
      `Cannot get Pulumi ${version}: no engine is on PATH, the official download failed, and building one needs Go ${minimum} or newer. ` +
        "Put Pulumi or Go on PATH, then try again.",
    );
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" };
  const build = (module, target, linkFlags) => {
    let compiled = 0;
    const output = path.join(folder, path.basename(target));
    return run("go", ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", linkFlags, "-o", output, target], {
      cwd: path.join(modules, module),
      env,
      onLine: (line) => progress.detail(line.startsWith("go: ") ? line.slice(4) : `${++compiled} packages compiled`),
    });
  };
  await build("language-nodejs", LANGUAGE_HOST, "-s -w");
  await build("cli", COMMAND, `-s -w -X ${VERSION_VARIABLE}=v${version}`);
  const launcher = path.join(folder, path.basename(LAUNCHER));
  fs.copyFileSync(path.join(context.root, LAUNCHER), launcher);
  fs.chmodSync(launcher, 0o755);
}

module.exports = { buildEngine };
