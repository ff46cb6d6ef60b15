/** Markdown: what the made pages are written with. */

const lineWidth = 100;

/** Breaks a paragraph into lines; what stands in backquotes stays together, and so does a link. @param indent of the lines after the first */
export function wrapped(text: string, indent = ""): string {
  const words = text.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|[^\s`])+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= lineWidth) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `${indent}${word}`);
  }
  return lines.join("\n");
}

export const bullet = (text: string): string => wrapped(`- ${text}`, "  ");

/** The part after "#" of a link to a heading. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");

/** A row of a table. */
export const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
