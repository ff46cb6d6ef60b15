/** Aliases: other names of images, which may hold slashes. */
import { conflict, notFound } from "../../../../sdk/api/errors";
import type { ImageAliasEntry, ImageAliasesPost } from "../../../../sdk/api/image";
import type { Call } from "../../../core/call";
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
  get(_call: Call, name: string): ImageAliasEntry {
    return this.#record(name);
  }

  #record(name: string): ImageAliasEntry {
    const alias = this.#store.findAlias(name);
    if (alias === undefined) throw aliasNotFound();
    return alias;
  }

  /** @throws ApiError CONFLICT when the name is taken */
  requireFree(name: string): void {
    if (this.#store.findAlias(name) !== undefined) throw conflict(`Alias "${name}" already exists`);
  }

  create(_call: Call, post: ImageAliasesPost): void {
    this.requireFree(post.name);
    const { fingerprint } = this.find(post.target);
    this.#store.insertAlias({ ...post, target: fingerprint });
  }

  update(_call: Call, name: string, { description, target }: { description: string; target: string }): void {
    this.#record(name);
    this.#store.updateAlias(name, description, this.find(target).fingerprint);
  }

  rename(_call: Call, from: string, to: string): void {
    this.#record(from);
    if (from !== to) this.requireFree(to);
    this.#store.renameAlias(from, to);
  }

  delete(_call: Call, name: string): void {
    this.#record(name);
    this.#store.deleteAlias(name);
  }
}
