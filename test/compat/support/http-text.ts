/** The output of curl -i: status, the headers that the contract speaks of, and a JSON body as lines of paths. */
import { flatten } from "./mask";

const headers = /^(location|etag|content-type|content-disposition|x-lxd-(?!modified)\w+):/i;

/** @param text one answer, or none */
export function presentAnswer(text: string): string {
  const plain = text.replaceAll("\r\n", "\n");
  const cut = plain.indexOf("\n\n");
  const [head, body] = cut < 0 ? [plain, ""] : [plain.slice(0, cut), plain.slice(cut + 2)];
  if (!head.startsWith("HTTP/")) return text;
  const [status = "", ...rest] = head.split("\n");
  const kept = rest
    .filter((line) => headers.test(line))
    .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()).replace(/^etag: .*/, "etag: ETAG"))
    .sort();
  return [`HTTP ${status.split(" ")[1]}`, ...kept, ...linesOfBody(body)].join("\n");
}

function linesOfBody(body: string): string[] {
  try {
    return flatten(JSON.parse(body));
  } catch {
    return body === "" ? [] : body.split("\n");
  }
}
