/** The output of curl -i: status, the headers that the contract speaks of, and a JSON body as lines of paths. */
import { flatten } from "./mask";

const headers = /^(location|etag|content-type|content-disposition|x-lxd-(?!modified)\w+):/i;

/** @param text one answer, or none; after a line OUTCOME only what it came to in the end counts */
export function presentAnswer(text: string): string {
  if (text.startsWith("OUTCOME\n")) return outcomeOf(text.slice(text.indexOf("\n") + 1).replaceAll("\r\n", "\n"));
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

interface Told {
  readonly type: string;
  readonly error: string;
  readonly metadata?: { readonly err?: string; readonly status_code?: number } | null;
}

/** Whether a request is refused at once or its operation fails says less than why: both are told in one way. */
function outcomeOf(answer: string): string {
  const told = JSON.parse(answer.slice(answer.indexOf("\n\n"))) as Told;
  if (told.type === "error") return `fails: ${told.error}`;
  const { err = "", status_code, ...rest } = told.metadata ?? {};
  if (err !== "" || status_code === 400) return `fails: ${err}`;
  const ofRun = /^(id|created_at|updated_at|location|metadata\.(progress|\w+_progress|container_progress)\b)/;
  return flatten(rest)
    .filter((line) => !ofRun.test(line))
    .join("\n");
}
