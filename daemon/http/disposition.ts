/** Content-Disposition: the name under which a client may keep what it reads. */

/** What a name holds that needs no quotes (RFC 9110, token). */
const plain = /^[\w!#$%&'*+.^`|~-]+$/;

/** The header for a file, as LXD writes it; a name of other bytes is encoded and quoted. */
export const dispositionOf = (name: string): string =>
  `inline;filename=${plain.test(name) ? name : `"${encodeURIComponent(name)}"`}`;
