// npm run docs:sdk: docs/sdk.md, the page of everything that bothy/sdk exports, by typedoc. A release holds it; git does not.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Application, type TypeDocOptions } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { readable } from "./docs-sdk/readable";

const repository = path.resolve(__dirname, "../..");
const page = path.join(repository, "docs/sdk.md");

const introduction = `# The typed client, bothy/sdk

Made by \`npm run docs:sdk\` from the sources of version VERSION. A program begins so:

\`\`\`ts
import { Client } from "bothy/sdk";

await using client = new Client();
const { value: web } = await client.getInstance("web");
console.log(web.status);
\`\`\`

What is sent is checked before it goes out, what comes back when it is there, and what the server
refuses is an \`ApiError\`. A write that takes its time answers with a \`PendingOperation\`, whose
\`wait()\` ends with it. \`z.input<typeof X>\` is the type \`X\` in which everything that has a default
may be left out. What fields mean stands in [lxd-api.md](lxd-api.md), keys and devices in
[config.md](config.md), reasons of errors in [errors.md](errors.md).
`;

/** Typedoc's own options, and those of its Markdown. */
const options = (out: string): TypeDocOptions & PluginOptions => ({
  entryPoints: [path.join(repository, "sdk/index.ts")],
  tsconfig: path.join(repository, "tsconfig.json"),
  plugin: ["typedoc-plugin-zod", "typedoc-plugin-markdown"],
  out,
  readme: "none",
  router: "module",
  logLevel: "Error",
  // the build has checked them, by the compiler that counts
  skipErrorChecking: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  categorizeByGroup: false,
  hidePageHeader: true,
  hidePageTitle: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
  typeDeclarationVisibility: "compact",
  tableColumnSettings: {
    hideInherited: true,
    hideDefaults: true,
    hideModifiers: true,
    hideOverrides: true,
    hideSources: true,
  },
});

/** @throws Error when typedoc cannot make it */
async function main(): Promise<void> {
  const out = mkdtempSync(path.join(tmpdir(), "bothy-docs-"));
  try {
    const app = await Application.bootstrapWithPlugins(options(out));
    readable(app);
    const project = await app.convert();
    if (project === undefined) throw new Error("Cannot read sdk/index.ts.");
    await app.generateOutputs(project);
    const made = path.join(out, "README.md");
    if (app.logger.hasErrors() || !existsSync(made)) throw new Error("Cannot write docs/sdk.md.");
    writeFileSync(
      page,
      `${introduction.replace("VERSION", project.packageVersion ?? "")}\n${readFileSync(made, "utf8")}`,
    );
  } finally {
    rmSync(out, { recursive: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
