/** Simplestreams: finds images in the index and the product lists of a server such as images.linuxcontainers.org (docs/lxd-api.md, Images from elsewhere). */
import * as z from "zod";
import { epoch } from "../../../../sdk/api/common";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { findArchitecture, hostArchitectures } from "../../../platform/host/architecture";
import { timeText } from "../../../platform/time";
import type { FoundFile, FoundImage, RemoteSource } from "./found";
import type { Web } from "./web";

/** The index of the largest servers has some kilobytes, their lists of products some megabytes. */
const mostIndexBytes = 4 * 1024 * 1024;
const mostProductBytes = 48 * 1024 * 1024;
const mostLists = 16;
/** Of all lists. Those of a hostile server would take a hundred times their bytes once they are read. */
const mostOffers = 50_000;
const longestAliases = 4096;

const Index = z.looseObject({
  index: z.record(
    z.string(),
    z.looseObject({ datatype: z.string().default(""), path: z.string(), products: z.array(z.unknown()).default([]) }),
  ),
});

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const Item = z.looseObject({
  ftype: z.string(),
  path: z.string().min(1),
  size: z.number().int().positive(),
  sha256: Sha256,
  combined_sha256: Sha256.optional(),
  combined_rootxz_sha256: Sha256.optional(),
  combined_squashfs_sha256: Sha256.optional(),
});
type Item = z.output<typeof Item>;

const Product = z.looseObject({
  aliases: z.string().max(longestAliases).default(""),
  arch: z.string(),
  os: z.string().default(""),
  release: z.string().default(""),
  release_title: z.string().default(""),
  version: z.string().default(""),
  variant: z.string().default(""),
  support_eol: z.string().default(""),
  lxd_requirements: z.record(z.string(), z.string()).default({}),
  requirements: z.record(z.string(), z.string()).default({}),
  versions: z.record(
    z.string(),
    z.looseObject({ label: z.string().default(""), items: z.record(z.string(), z.unknown()) }),
  ),
});
type Product = z.output<typeof Product>;

const Products = z.looseObject({ products: z.record(z.string(), z.unknown()) });

/** One image of a product, in one of the forms in which it lies there. */
interface Offer {
  readonly fingerprint: string;
  readonly architecture: string;
  readonly aliases: readonly string[];
  /** Of the version, such as "20261126_05:24": later ones are newer. */
  readonly serial: string;
  /** As the property `type` says it. */
  readonly form: "squashfs" | "root.tar.xz" | "tar.gz";
  readonly files: readonly [Item] | readonly [Item, Item];
  readonly product: Product;
  readonly label: string;
}

/** Servers whose names of systems people leave out. */
const ownSystem: readonly (readonly [server: string, system: string])[] = [
  ["https://cloud-images.ubuntu.com", "ubuntu"],
];

/**
 * Finds the image that an alias or the beginning of a fingerprint means: of an alias the newest version, for an architecture of this host
 * unless the alias names one, in the form that this host unpacks best.
 * @param architecture that is taken first
 * @throws ApiError NOT_FOUND, BAD_REQUEST for lists that cannot be read, and what Web throws
 */
export async function findInStreams(
  web: Web,
  source: RemoteSource,
  architecture: string | undefined,
  signal: AbortSignal,
): Promise<FoundImage> {
  const server = source.server.replace(/\/+$/, "");
  const offers = await offersOf(web, server, signal);
  const preferred = [...(architecture === undefined ? [] : [architecture]), ...hostArchitectures];
  const byAlias = best(
    offers.filter(({ aliases }) => aliases.includes(source.name)),
    preferred,
  );
  const chosen = byAlias ?? byFingerprint(offers, source.name);
  if (chosen === undefined)
    throw notFound(
      `Image not found: the server at "${server}" has no image of the alias or fingerprint "${source.name}" that this host can use.`,
    );
  return foundOf(chosen, server, byAlias !== undefined && source.name !== chosen.fingerprint);
}

async function offersOf(web: Web, server: string, signal: AbortSignal): Promise<Offer[]> {
  const address = `${server}/streams/v1/index.json`;
  const index = Index.safeParse(await web.json(address, mostIndexBytes, signal));
  if (!index.success) throw badRequest(`Cannot read "${address}": it is no index of simplestreams.`);
  const lists = Object.values(index.data.index).filter(
    ({ datatype, products }) => datatype === "image-downloads" && products.length > 0,
  );
  if (lists.length > mostLists) throw badRequest(`Cannot read "${address}": it names more than ${mostLists} lists.`);
  const offers: Offer[] = [];
  const system = ownSystem.find(([own]) => server.startsWith(own))?.[1];
  for (const { path } of lists) {
    const place = below(server, path);
    const list = Products.safeParse(await web.json(place, mostProductBytes, signal));
    if (!list.success) throw badRequest(`Cannot read "${place}": it is no list of products of simplestreams.`);
    for (const raw of Object.values(list.data.products))
      for (const offer of offersOfProduct(raw, system)) {
        if (offers.length === mostOffers)
          throw badRequest(`Cannot read "${place}": the lists of its server name more than ${mostOffers} images.`);
        offers.push(offer);
      }
  }
  return offers;
}

/** An address below that of the server. A path that leads elsewhere is none. */
function below(server: string, path: string): string {
  const url = URL.parse(path, `${server}/`);
  if (url === null || !url.href.startsWith(`${URL.parse(server)?.href.replace(/\/+$/, "")}/`))
    throw badRequest(
      `Cannot read the lists of "${server}": the path ${JSON.stringify(path.slice(0, 200))} leads elsewhere.`,
    );
  return url.href;
}

/** Whatever of a product cannot be read is left out: the other products are as good as before. */
function offersOfProduct(raw: unknown, system: string | undefined): Offer[] {
  const parsed = Product.safeParse(raw);
  if (!parsed.success) return [];
  const product = parsed.data;
  const architecture = findArchitecture(product.arch);
  if (architecture === undefined) return [];
  const short = product.aliases.split(",").flatMap((alias) => {
    const name = alias.trim();
    const own = system !== undefined && name.startsWith(`${system}/`) ? name.slice(system.length + 1) : name;
    return own === "" ? [] : [own];
  });
  const aliases = short.flatMap((alias) => [alias, `${alias}/${product.arch}`]);
  return Object.entries(product.versions).flatMap(([serial, { items, label }]) =>
    // As in LXD, a version is a date.
    /^\d{8}/.test(serial)
      ? formsOf(items).map((form) => ({ ...form, architecture, aliases, serial, product, label }))
      : [],
  );
}

function formsOf(raw: Readonly<Record<string, unknown>>): Pick<Offer, "fingerprint" | "form" | "files">[] {
  const items = Object.values(raw).flatMap((one) => Item.safeParse(one).data ?? []);
  const ofType = (...types: string[]) => items.find(({ ftype }) => types.includes(ftype));
  const meta = ofType("lxd.tar.xz", "incus.tar.xz");
  const [squashfs, tarball] = [ofType("squashfs"), ofType("root.tar.xz")];
  const whole = ofType("lxd_combined.tar.gz", "incus_combined.tar.gz");
  const forms: Pick<Offer, "fingerprint" | "form" | "files">[] = [];
  if (meta?.combined_squashfs_sha256 !== undefined && squashfs !== undefined)
    forms.push({ fingerprint: meta.combined_squashfs_sha256, form: "squashfs", files: [meta, squashfs] });
  const combined = meta?.combined_rootxz_sha256 ?? meta?.combined_sha256;
  if (meta !== undefined && combined !== undefined && tarball !== undefined)
    forms.push({ fingerprint: combined, form: "root.tar.xz", files: [meta, tarball] });
  if (whole !== undefined) forms.push({ fingerprint: whole.sha256, form: "tar.gz", files: [whole] });
  return forms;
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

/** The first of the architectures, then the newest version, then the best form; nothing when this host has use for none. */
function best(offers: readonly Offer[], architectures: readonly string[]): Offer | undefined {
  const forms = usable();
  const rank = (list: readonly string[], word: string) => (list.includes(word) ? list.indexOf(word) : list.length);
  return offers
    .filter(({ form }) => forms.includes(form))
    .sort(
      (a, b) =>
        rank(architectures, a.architecture) - rank(architectures, b.architecture) ||
        (a.serial < b.serial ? 1 : a.serial > b.serial ? -1 : 0) ||
        rank(forms, a.form) - rank(forms, b.form),
    )[0];
}

function byFingerprint(offers: readonly Offer[], prefix: string): Offer | undefined {
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
  const found = offers.filter(({ fingerprint }) => fingerprint.startsWith(prefix));
  if (new Set(found.map(({ fingerprint }) => fingerprint)).size > 1)
    throw badRequest(`Image fingerprint "${prefix}" is not unique. Give more of its digits.`);
  return found[0];
}

function foundOf(
  { fingerprint, files, form, product, serial, label }: Offer,
  server: string,
  byAlias: boolean,
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
