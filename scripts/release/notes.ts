/** Notes: what a release tells people, from CHANGELOG.md. */

/**
 * Finds what the changelog says of a version: its own section where there is one, else the one that is called Unreleased.
 * @throws Error when neither says anything
 */
export function changesOf(changelog: string, version: string): string {
  const sections = new Map(
    changelog
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        // "0.2.0 (2026-11-26)" is of 0.2.0
        return [section.slice(0, end).split(" ")[0]!, section.slice(end).trim()] as const;
      }),
  );
  const text = sections.get(version) ?? sections.get("Unreleased") ?? "";
  if (text !== "") return text;
  throw new Error(
    `Cannot write the note of release ${version}: CHANGELOG.md says nothing below "## Unreleased" or "## ${version}".`,
  );
}

export interface NoteFacts {
  readonly version: string;
  readonly commit: string;
  /** Name of the package's file. */
  readonly archive: string;
  readonly architectures: readonly string[];
  readonly node: string;
}

/** The note of a release. @param changes of changesOf */
export const noteOf = ({ version, commit, archive, architectures, node }: NoteFacts, changes: string): string =>
  `# Bothy ${version}

\`${archive}\` holds the daemon, the command, the Pulumi provider, the typed client, and bothy-cell
for ${architectures.join(" and ")}. It was made from commit ${commit}.

    sha256sum --check SHA256SUMS
    npm install ./${archive}        # Node ${node}
    npx bothy doctor

## What is new

${changes}
`;
