/** The YAML of metadata.yaml, read as LXD reads it: plain values are the text that stands there, so 20.10 is no 20.1. */
import { isScalar, LineCounter, parseDocument, visit, type YAMLMap } from "yaml";
import { badRequest } from "../../../../sdk/api/errors";

const isNull = (text: string) => /^(~|null|Null|NULL|)$/.test(text);

/** @param name of the file, for the error @returns maps, lists, texts and nulls @throws ApiError BAD_REQUEST with the line */
export function readYaml(text: string, name = "metadata.yaml"): unknown {
  try {
    const lineCounter = new LineCounter();
    // Its own look at keys compares each with all before it: a hostile file of a megabyte would take minutes.
    const document = parseDocument(text, { schema: "failsafe", merge: true, uniqueKeys: false, lineCounter });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    visit(document, {
      Map: (_, map) => requireUniqueKeys(map, lineCounter),
      Scalar: (key, node) => {
        if (key !== "key" && isScalar(node) && node.type === "PLAIN" && isNull(String(node.value))) node.value = null;
      },
    });
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n")[0]!.replace(/[:.]$/, "") : String(error);
    throw badRequest(`Cannot import image: its ${name} is no YAML: ${cause}. Correct it.`, { cause: error });
  }
}

function requireUniqueKeys(map: YAMLMap, lines: LineCounter): void {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) {
      const { line, col } = lines.linePos(key.range?.[0] ?? 0);
      throw new Error(`Map keys must be unique at line ${line}, column ${col}`);
    }
    seen.add(key.value);
  }
}
