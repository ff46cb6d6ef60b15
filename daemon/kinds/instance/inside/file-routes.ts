/** Routes of files inside an instance (docs/lxd-api.md, Files). */
import { Text } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { bothFamilies, eitherFamily } from "../../../../sdk/api/headers";
import { dispositionOf } from "../../../http/disposition";
import { type ApiRequest, type Route, raw, route, sync } from "../../../http/route";
import { answers } from "../../../http/says";
import { checkPath } from "../../../platform/native/file";
import type { GotFile } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import { instanceRef } from "../record";
import { idOf } from "../request";

const base = "/1.0/instances/:name/files";

const where = { query: { path: "absolute path in the instance" }, needs: ["path"] } as const;

const putSays = {
  ...where,
  summary: "Writes a file, folder or symlink. Of one that is there owner and mode stay.",
  headers: {
    type: "`file` (the default), `directory` or `symlink`",
    write: "`overwrite` (the default) or `append`",
    uid: "owner, as the container sees it",
    gid: "group, as the container sees it",
    mode: "mode in octal, such as `0644`; of a new file 0644, of a new folder 0750 when absent",
  },
  upload: { "application/octet-stream": "content of the file, or target of the symlink" },
  answer: answers.nothing,
} as const;

/** Mode of a new folder of which the client says none, as in LXD. */
const newFolder = 0o750;

const pathOf = (request: ApiRequest) => checkPath(request.query.get("path") ?? "");

const fileHeaders = ({ stat }: GotFile): Record<string, string> =>
  bothFamilies({
    uid: String(stat.uid),
    gid: String(stat.gid),
    mode: `0${stat.mode.toString(8).padStart(3, "0")}`,
    type: stat.type,
    modified: new Date(stat.mtime * 1000).toUTCString(),
  });

/** A relative target as seen from the root (docs/lxd-api.md, Files). */
function absoluteTarget(path: string, target: string): string {
  if (target.startsWith("/")) return target;
  const parts: string[] = [];
  for (const part of [...path.split("/").slice(0, -1), ...target.split("/")]) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

const header = (request: ApiRequest, name: string): string | undefined => eitherFamily(request.headers, name);

function numberHeader(request: ApiRequest, name: "uid" | "gid"): { uid?: number; gid?: number } {
  const value = header(request, name);
  if (value === undefined) return {};
  // The last one means "leave as it is" (chown(2)).
  if (!/^\d{1,10}$/.test(value) || Number(value) >= 2 ** 32 - 1)
    throw badRequest(`Bad header X-LXD-${name}: "${value}" is not an id. Use a decimal number.`);
  return { [name]: Number(value) };
}

/** Octal with or without a leading zero; decimal above 0777 as old clients sent it. */
function parseMode(text: string): number {
  if (/^0?[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  const decimal = Number(text);
  if (/^[1-9]\d*$/.test(text) && decimal <= 0o7777) return decimal;
  throw badRequest(`Bad header X-LXD-mode: "${text}" is not a file mode. Use octal such as 0644.`);
}

export function fileRoutes({ book, changes, native }: InstanceHome): Route[] {
  const placeOf = (request: ApiRequest) => book.filePlace(book.record(idOf(request)));

  /** Files change without the instance's lock: bothy-cell writes each whole, and a guest heeds no lock. */
  const change = (request: ApiRequest, action: string, path: string, work: () => Promise<void>) => {
    const of = instanceRef(idOf(request));
    return changes.run(request.call, { of: [of], unlocked: true, told: { action, of, context: { path } }, work });
  };

  async function getFile(request: ApiRequest) {
    const path = pathOf(request);
    const file = await native.getFile(placeOf(request), path);
    const headers = fileHeaders(file);
    if (file.stat.type === "directory") return { ...sync(file.entries ?? []), headers };
    const named = { ...headers, "content-disposition": dispositionOf(path.split("/").at(-1) ?? "file") };
    if (file.stat.type === "symlink") return raw(absoluteTarget(path, file.target ?? ""), named);
    if (file.content === undefined)
      throw badRequest(`Cannot read "${path}": it is neither a file, a folder nor a symlink.`);
    return raw(file.content, { ...named, "content-length": String(file.stat.size) });
  }

  async function headFile(request: ApiRequest) {
    const file = await native.getFile(placeOf(request), pathOf(request));
    file.content?.destroy();
    return raw("", {
      ...fileHeaders(file),
      ...(file.stat.type === "file" ? { "content-length": String(file.stat.size) } : {}),
    });
  }

  async function putFile(request: ApiRequest) {
    const path = pathOf(request);
    const place = placeOf(request);
    const type = header(request, "type") ?? "file";
    if (type !== "file" && type !== "directory" && type !== "symlink")
      throw badRequest(`Bad file type "${type}". Use file, directory or symlink.`);
    const write = header(request, "write") ?? "overwrite";
    if (write !== "overwrite" && write !== "append")
      throw badRequest(`Bad file write mode "${write}". Use overwrite or append.`);
    const mode = header(request, "mode");
    const file = {
      path,
      type,
      append: write === "append",
      ...(mode === undefined ? (type === "directory" ? { mode: newFolder } : {}) : { mode: parseMode(mode) }),
      ...numberHeader(request, "uid"),
      ...numberHeader(request, "gid"),
    } as const;
    await change(request, "instance-file-pushed", path, () => native.putFile(place, file, request.body));
    return sync();
  }

  async function deleteFile(request: ApiRequest) {
    const path = pathOf(request);
    await change(request, "instance-file-deleted", path, () => native.deleteFile(placeOf(request), path));
    return sync();
  }

  return [
    route(
      "GET",
      base,
      {
        ...where,
        summary: "Reads a file, a folder or a symlink. Owner, mode, type and time stand in headers `X-LXD-*`.",
        answer: [
          { ...answers.raw("content of the file, or target of the symlink"), when: "of a file or a symlink" },
          { ...answers.all(Text), when: "of a folder: the names in it" },
        ],
      },
      getFile,
    ),
    route(
      "HEAD",
      base,
      { ...where, summary: "Gives the headers of a read, without its body.", answer: answers.raw("nothing") },
      headFile,
    ),
    route("POST", base, putSays, putFile),
    route(
      "DELETE",
      base,
      { ...where, summary: "Deletes a file or an empty folder.", answer: answers.nothing },
      deleteFile,
    ),
  ];
}
