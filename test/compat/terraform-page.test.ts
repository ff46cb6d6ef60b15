/** docs/terraform.md: its configurations do what it says, by both communities' Terraform providers, and its program takes over what they made. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useYamlHost } from "../../scripts/scene/engine";
import { packageRoot } from "../../sdk/host/package";
import { TestStack } from "../provider/support/stack";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { listenAt } from "../support/https";
import { blockOf, rowsOf, textOf } from "../support/page";
import { requireFeature } from "../support/require";
import { inFolder, type PlainTerraform, type ProviderName } from "./support/terraform";
import { skipTerraform as skip } from "./support/tools";

const page = "terraform.md";
const socketOfPage = "/var/lib/bothy/unix.socket";

const mainOf = (name: ProviderName) => blockOf(page, "main.tf").replaceAll("lxd_", `${name}_`);

/** The image that the page builds by curl. */
async function buildImage({ client }: TestDaemon): Promise<void> {
  const source = { type: "template", template: "busybox" };
  await (await client.createImage({ source, aliases: [{ name: "busybox" }] })).wait();
}

const onSocket = (
  name: ProviderName,
  work: (terraform: PlainTerraform, daemon: TestDaemon) => Promise<void>,
): Promise<void> =>
  withDaemon({ bare: false }, async (daemon) => {
    await buildImage(daemon);
    const provider = blockOf(page, `provider.tf, ${name}, by the socket`).replace(socketOfPage, daemon.socket);
    const files = { "provider.tf": provider, "main.tf": mainOf(name) };
    await inFolder(name, files, {}, (terraform) => work(terraform, daemon));
  });

const nothingToDo = (terraform: PlainTerraform) => terraform("plan", "-no-color", "-detailed-exitcode");

for (const name of ["incus", "lxd"] as const) {
  test(
    `the page's configuration runs with terraform-provider-${name}, and a second run changes nothing`,
    { skip },
    () =>
      onSocket(name, async (terraform, { client }) => {
        await terraform("apply", "-auto-approve", "-no-color");
        assert.match(await terraform("output", "-raw", "address"), /^10\.77\.0\.\d+$/);
        await nothingToDo(terraform);
        await terraform("destroy", "-auto-approve", "-no-color");
        assert.deepEqual(await client.listInstances(), []);
      }),
  );

  test(`terraform-provider-${name} comes over the network by the page's token`, { skip }, () =>
    withDaemon({ bare: false }, async (daemon) => {
      await listenAt(daemon);
      const token = await daemon.client.createCertificateToken({ name: "terraform", type: "client" });
      const provider = blockOf(page, `provider.tf, ${name}, over the network`).replace("lab.example", "127.0.0.1");
      const profile = `resource "${name}_profile" "small" {\n  name = "small"\n}\n`;
      const where = { netns: daemon.netns.pid, env: { TF_VAR_token: token } };
      await inFolder(name, { "provider.tf": provider, "main.tf": profile }, where, async (terraform, folder) => {
        const openssl = /^ {4}(openssl (?:.*\\\n)*.*)$/m.exec(textOf(page))?.[1] ?? "";
        if (name === "lxd") execFileSync("sh", ["-c", openssl], { cwd: folder, stdio: "ignore" });
        await terraform("apply", "-auto-approve", "-no-color");
        // The token is used up now.
        await nothingToDo(terraform);
        await terraform("destroy", "-auto-approve", "-no-color");
      });
    }),
  );
}

test(
  "the page's program of Pulumi takes over what Terraform made, which goes on running",
  { skip: skip || requireFeature("pulumi-yaml", useYamlHost()) },
  () =>
    onSocket("lxd", (terraform, { client, socket }) =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${socket}` }, async (stack) => {
        stack.inOwnProcess = true;
        await terraform("apply", "-auto-approve", "-no-color");
        const { created_at: createdAt } = (await client.getInstance("web")).value;
        const program = blockOf(page, "Pulumi.yaml")
          .replace(/^name: .*/, "name: app")
          .replace("node_modules/bothy/bin", path.join(packageRoot, "bin"));
        for (const [, , , id = ""] of rowsOf(page, "Terraform").slice(0, 4))
          assert.match(program, new RegExp(`import: "?${id}"? `));
        const projectFile = path.join(stack.folder, "Pulumi.yaml");
        writeFileSync(projectFile, program);
        const { steps } = await stack.must(stack.up());
        // The provider for LXD marks the devices of instances as its own.
        assert.deepEqual(steps, { data: "import", lan: "import", small: "import", web: "update" });
        const { devices, created_at: since } = (await client.getInstance("web")).value;
        assert.deepEqual([since, "user.managed-by" in (devices.data ?? {})], [createdAt, false]);
        const all = (await terraform("state", "list")).trim().split("\n");
        await terraform("state", "rm", ...all);
        writeFileSync(projectFile, program.replaceAll(/^ +options: \{ import: .* \}\n/gm, ""));
        await stack.noChanges();
        await stack.must(stack.destroy());
        assert.deepEqual(await client.listInstances(), []);
      }),
    ),
);
