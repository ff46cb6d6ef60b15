/** Shell words: a command as one text, quoted as a shell reads it, without anything that a shell would replace. */

/** @returns the words of a text; nothing when a quote or a backslash at its end is left open */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return undefined;
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      word ??= "";
      for (at += 1; text[at] !== '"'; at += 1) {
        if (at >= text.length) return undefined;
        // Within quotes a backslash stands for itself but before these.
        if (text[at] === "\\" && /["\\$`]/.test(text[at + 1] ?? "")) at += 1;
        word += text[at];
      }
    } else if (char === "\\") {
      at += 1;
      if (at === text.length) return undefined;
      word = (word ?? "") + text[at];
    } else word = (word ?? "") + char;
  }
  return word === undefined ? words : [...words, word];
}

/** The text that splitWords() reads as these words. */
export const joinWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
