/** Aliases: other names of images, which may hold slashes. */
import { conflict, notFound } from "../../../../sdk/api/errors";
import type { ImageAliasEntry, ImageAliasesPost } from "../../../../sdk/api/image";
import type { ImageStore } from "../store";

const aliasNotFound = () => notFound("Image alias not found");

export class ImageAliases {
  readonly #store: ImageStore;

  /** @param find gives the image of a fingerprint's beginning, or throws NOT_FOUND */
  constructor(
    store: ImageStore,
    private readonly find: (prefix: string) => { fingerprint: string },
  ) {
    this.#store = store;
  }

  list(): ImageAliasEntry[] {
    return this.#store.aliases();
  }

  /** @throws ApiError NOT_FOUND */
  get(name: string): ImageAliasEntry {
    const alias = this.#store.findAlias(name);
    if (alias === undefined) throw aliasNotFound();
    return alias;
  }

  /** @throws ApiError CONFLICT when the name is taken */
  requireFree(name: string): void {
    if (this.#store.findAlias(name) !== undefined) throw conflict(`Alias "${name}" already exists`);
  }

  create(post: ImageAliasesPost): void {
    this.requireFree(post.name);
    const { fingerprint } = this.find(post.target);
    this.#store.insertAlias({ ...post, target: fingerprint });
  }

  update(name: string, { description, target }: { description: string; target: string }): void {
    this.get(name);
    this.#store.updateAlias(name, description, this.find(target).fingerprint);
  }

  rename(from: string, to: string): void {
    this.get(from);
    if (from !== to) this.requireFree(to);
    this.#store.renameAlias(from, to);
  }

  delete(name: string): void {
    this.get(name);
    this.#store.deleteAlias(name);
  }
}
