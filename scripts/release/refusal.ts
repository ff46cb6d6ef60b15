/** Refusal: what keeps a release from being made. */

export interface Wish {
  /** The version that was asked for, if one was. */
  readonly asked: string | undefined;
  readonly allowDirty: boolean;
  readonly allowTag: boolean;
}

export interface Tree {
  /** What package.json says. */
  readonly version: string;
  readonly isDirty: boolean;
  readonly hasTag: boolean;
}

/** @returns why a release cannot be made and what to do, or undefined */
export function refusalOf(
  { asked, allowDirty, allowTag }: Wish,
  { version, isDirty, hasTag }: Tree,
): string | undefined {
  if (asked !== undefined && asked !== version)
    return `Cannot release ${asked}: package.json says ${version}. Set it with: npm version --no-git-tag-version ${asked}`;
  if (hasTag && !allowTag)
    return `Cannot release ${version}: the tag v${version} exists. Set another version, or say --allow-tag.`;
  if (isDirty && !allowDirty)
    return `Cannot release ${version}: the tree holds what is not committed (git status). Commit it, or say --allow-dirty.`;
  return undefined;
}
