/** Products: which image of a list of products is meant (docs/lxd-api.md, Images from elsewhere). Lists have up to dozens of megabytes, so this runs apart. */
import * as z from "zod";
import { badRequest } from "../../../../../sdk/api/errors";
import { findArchitecture } from "../../../../platform/host/architecture";

/** Of all lists. Those of a hostile server would take a hundred times their bytes once they are read. */
const mostOffers = 50_000;
const longestAliases = 4096;

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
export type Item = z.output<typeof Item>;

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
export type Product = z.output<typeof Product>;

const List = z.looseObject({ products: z.record(z.string(), z.unknown()) });

/** One image of a product, in one of the forms in which it lies there. */
export interface Offer {
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

export interface Wanted {
  /** Alias, or fingerprint or its beginning. */
  readonly name: string;
  /** The system whose name people leave out. */
  readonly system: string | undefined;
  /** In this order. */
  readonly architectures: readonly string[];
  /** What the host can unpack, the best first. */
  readonly forms: readonly Offer["form"][];
}

export interface Chosen {
  readonly offer: Offer;
  readonly byAlias: boolean;
}

/** Looks through lists one after the other, and keeps of each only what may be meant. */
export class Products {
  #count = 0;
  readonly #byAlias: Offer[] = [];
  readonly #byFingerprint: Offer[] = [];

  constructor(private readonly wanted: Wanted) {}

  /** @param place address of the list, for messages @throws ApiError BAD_REQUEST for one that is no list, or names too much */
  add(text: string, place: string): void {
    const list = List.safeParse(parsed(text, place));
    if (!list.success) throw badRequest(`Cannot read "${place}": it is no list of products of simplestreams.`);
    const { name, system } = this.wanted;
    for (const raw of Object.values(list.data.products))
      for (const offer of offersOfProduct(raw, system)) {
        this.#count += 1;
        if (this.#count > mostOffers)
          throw badRequest(`Cannot read "${place}": the lists of its server name more than ${mostOffers} images.`);
        if (offer.aliases.includes(name)) this.#byAlias.push(offer);
        if (offer.fingerprint.startsWith(name)) this.#byFingerprint.push(offer);
      }
  }

  /** Of an alias the newest, in the best form for the first of the architectures. @throws ApiError BAD_REQUEST for the beginning of several fingerprints */
  chosen(): Chosen | undefined {
    const { name } = this.wanted;
    const byAlias = best(this.#byAlias, this.wanted);
    const offer = byAlias ?? byFingerprint(this.#byFingerprint, name);
    return offer && { offer, byAlias: byAlias !== undefined && name !== offer.fingerprint };
  }
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(`Cannot read "${place}": it is no JSON.`);
  }
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

/** The first of the architectures, then the newest version, then the best form; nothing when this host has use for none. */
function best(offers: readonly Offer[], { architectures, forms }: Wanted): Offer | undefined {
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
