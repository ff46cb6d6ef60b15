/** Simplestreams: finds images in the index and the product lists of a server such as images.linuxcontainers.org (docs/lxd-api.md, Images from elsewhere). */
import path from "node:path";
import * as z from "zod";
import { epoch } from "../../../../../sdk/api/common";
import { badRequest, notFound } from "../../../../../sdk/api/errors";
import { findProgram } from "../../../../../sdk/host/program";
import { hostArchitectures } from "../../../../platform/host/architecture";
import { Slots } from "../../../../platform/processes/slots";
import { timeText } from "../../../../platform/time";
import { apart } from "../../archive/apart";
import { scratchFolder } from "../../archive/upload";
import type { FoundFile, FoundImage, RemoteSource } from "../found";
import type { Web } from "../web";
import type { Chosen, Item, Offer } from "./products";
import type { ProductsJob, ProductsResult } from "./products-process";

/** The index of the largest servers has some kilobytes, their lists of products some megabytes. */
const mostIndexBytes = 1024 * 1024;
const mostProductBytes = 48 * 1024 * 1024;
const mostLists = 16;
const longestPlace = 2048;
/** Room for the largest list of an honest server; what is written to take more once it is read, ends the process that reads it. */
const heapMiB = 512;
const chooseMs = 2 * 60_000;

const Index = z.looseObject({
  index: z.record(
    z.string(),
    z.looseObject({ datatype: z.string().default(""), path: z.string(), products: z.array(z.unknown()).default([]) }),
  ),
});

/** Servers whose names of systems people leave out. */
const ownSystem: readonly (readonly [server: string, system: string])[] = [
  ["https://cloud-images.ubuntu.com", "ubuntu"],
];

/**
 * Finds the image that an alias or the beginning of a fingerprint means: of an alias the newest version, for an architecture of this host
 * unless the alias names one, in the form that this host unpacks best.
 * @param scratch folder for the lists, which may be long @param architecture that is taken first
 * @throws ApiError NOT_FOUND, BAD_REQUEST for lists that cannot be read, and what Web throws
 */
export async function findInStreams(
  web: Web,
  source: RemoteSource,
  { scratch, architecture, signal }: { scratch: string; architecture: string | undefined; signal: AbortSignal },
): Promise<FoundImage> {
  const server = source.server.replace(/\/+$/, "");
  const places = await listsOf(web, server, signal);
  await using folder = await scratchFolder(scratch);
  const lists: ProductsJob["lists"][number][] = [];
  for (const place of places) {
    const file = path.join(folder.path, String(lists.length));
    await web.save(place, file, mostProductBytes, signal);
    lists.push({ file, place });
  }
  const wanted = {
    name: source.name,
    system: ownSystem.find(([own]) => server.startsWith(own))?.[1],
    architectures: [...(architecture === undefined ? [] : [architecture]), ...hostArchitectures],
    forms: usable(),
  };
  const chosen = await choose({ lists, wanted }, server, signal);
  if (chosen === undefined)
    throw notFound(
      `Image not found: the server at "${server}" has no image of the alias or fingerprint "${source.name}" that this host can use.`,
    );
  return foundOf(chosen, server);
}

/** Addresses of the lists of images that an index names. */
async function listsOf(web: Web, server: string, signal: AbortSignal): Promise<string[]> {
  const address = `${server}/streams/v1/index.json`;
  const index = Index.safeParse(await web.json(address, mostIndexBytes, signal));
  if (!index.success) throw badRequest(`Cannot read "${address}": it is no index of simplestreams.`);
  const lists = Object.values(index.data.index).filter(
    ({ datatype, products }) => datatype === "image-downloads" && products.length > 0,
  );
  if (lists.length > mostLists) throw badRequest(`Cannot read "${address}": it names more than ${mostLists} lists.`);
  return lists.map((list) => below(server, list.path));
}

const slots = new Slots(2);
const program = path.join(__dirname, "products-process.js");

/** In a process of its own: others are answered meanwhile, and what a list takes in memory ends with it. */
async function choose(job: ProductsJob, server: string, signal: AbortSignal): Promise<Chosen | undefined> {
  const unreadable = (cause: string) =>
    badRequest(`Cannot read the lists of "${server}": reading them takes ${cause}.`);
  const result = await apart<ProductsResult>({
    program,
    job,
    slots,
    read: job.lists.map(({ file }) => file),
    packages: ["zod"],
    heapMiB,
    timeMs: chooseMs,
    signal,
    beyond: {
      time: () => unreadable(`more than ${chooseMs / 1000} seconds`),
      memory: () => unreadable(`more than ${heapMiB} MiB of memory`),
    },
    task: `Cannot read the lists of "${server}": their reading`,
  });
  if ("refused" in result) throw badRequest(result.refused);
  return result.chosen;
}

/** An address below that of the server. A path that leads elsewhere is none. */
function below(server: string, place: string): string {
  const url = URL.parse(place, `${server}/`);
  if (
    place.length > longestPlace ||
    url === null ||
    !url.href.startsWith(`${URL.parse(server)?.href.replace(/\/+$/, "")}/`)
  )
    throw badRequest(
      `Cannot read the lists of "${server}": the path ${JSON.stringify(place.slice(0, 200))} leads elsewhere.`,
    );
  return url.href;
}

/** What this host can unpack, the smallest form first. */
const usable = (): readonly Offer["form"][] => {
  const all = [
    ["squashfs", "unsquashfs"],
    ["root.tar.xz", "xz"],
    ["tar.gz", "gzip"],
  ] as const;
  return all.filter(([, program]) => findProgram(program) !== undefined).map(([form]) => form);
};

function foundOf(
  { offer: { fingerprint, files, form, product, serial, label }, byAlias }: Chosen,
  server: string,
): FoundImage {
  const [main, rootfs] = files;
  const { os, release, version, arch, variant, release_title, support_eol } = product;
  const title = [os, release_title, arch, ...(label === "" ? [] : [`(${label})`]), `(${serial})`];
  const requirements = { ...product.lxd_requirements, ...product.requirements };
  const properties = {
    os,
    release,
    version,
    architecture: arch,
    label,
    serial,
    description: title.filter((word) => word !== "").join(" "),
    variant,
    type: form,
    ...Object.fromEntries(Object.entries(requirements).map(([key, value]) => [`requirements.${key}`, value])),
  };
  const fileOf = (item: Item, part: FoundFile["part"]): FoundFile => ({
    ...(part === undefined ? {} : { part }),
    url: below(server, item.path),
    sizeBytes: item.size,
    sha256: item.sha256,
  });
  const created = Date.parse(`${serial.slice(0, 4)}-${serial.slice(4, 6)}-${serial.slice(6, 8)}T00:00:00Z`);
  const over = Date.parse(`${support_eol}T00:00:00Z`);
  return {
    fingerprint,
    byAlias,
    files: rootfs === undefined ? [fileOf(main, undefined)] : [fileOf(main, "metadata"), fileOf(rootfs, "rootfs")],
    mayBeForm: false,
    told: {
      filename: main.path.split("/").at(-1) ?? "",
      properties,
      createdAt: Number.isNaN(created) ? epoch : timeText(created),
      expiresAt: Number.isNaN(over) ? epoch : timeText(over),
    },
  };
}
