/** examples/pytest: a fixture over an environment, by Pulumi's Automation API in Python and the package of Bothy. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { engineEnv, useLanguageHosts } from "../../scripts/scene/engine";
import { sdkGenerator, writeSdks } from "../../scripts/scene/sdks";
import { withDaemon } from "../support/daemon";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { repository } from "./support/program";

const hasLanguages = useLanguageHosts() && sdkGenerator() !== undefined;
const hasPytest = spawnSync("python3", ["-c", "import pytest, pulumi"]).status === 0;
const skip =
  onlyLong() ||
  lacksContainers() ||
  requireFeature("pulumi-languages", hasLanguages) ||
  requireFeature("pytest", hasPytest);

test("the example's tests find their container, and nothing is left after them", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const folder = mkdtempSync(path.join(tmpdir(), "bothy-pytest-"));
    try {
      cpSync(path.join(repository, "examples/pytest"), folder, { recursive: true });
      writeSdks(path.join(folder, "sdks"), ["python"]);
      const offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"];
      const pip = ["-m", "pip", "install", "--quiet", ...offline, "--target", "installed", "./sdks/python"];
      execFileSync("python3", pip, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
      mkdirSync(path.join(folder, "home/state"), { recursive: true });
      const env = {
        ...engineEnv(path.join(folder, "home")),
        BOTHY_ENDPOINT: `unix://${daemon.socket}`,
        PATH: `${path.join(repository, "bin")}:${path.dirname(process.execPath)}:${process.env.PATH}`,
        PYTHONPATH: `${path.join(folder, "installed")}:${process.env.PYTHONPATH ?? ""}`,
      };
      const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const said = await daemon.run(
        "env",
        "-C",
        folder,
        ...words,
        "python3",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
      );
      assert.match(said, /^1 passed/m);
      assert.deepEqual(await daemon.client.listInstances(), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }),
);
