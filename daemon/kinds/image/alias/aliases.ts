/** Aliases: other names of images, which may hold slashes. They count within a project, as their images do. */
import { conflict, notFound } from "../../../../sdk/api/errors";
import type { ImageAliasEntry, ImageAliasesPost } from "../../../../sdk/api/image";
import { maySee } from "../../../core/access";
import type { Call } from "../../../core/call";
import type { Projects } from "../../../core/projects";
import type { ImageId, ImageStore } from "../store";

const aliasNotFound = () => notFound("Image alias not found");

export class ImageAliases {
  /** @param find gives the image of a fingerprint's beginning, or throws NOT_FOUND */
  constructor(
    private readonly store: ImageStore,
    private readonly projects: Projects,
    private readonly find: (project: string, prefix: string) => ImageId & { readonly public: boolean },
  ) {}

  /** Where the aliases lie that a project sees. */
  projectOf(project: string): string {
    return this.projects.homeOf("images", project);
  }

  #projectOf({ project }: Call): string {
    return this.projectOf(project);
  }

  list(call: Call): ImageAliasEntry[] {
    return this.store.aliases(this.#projectOf(call));
  }

  listAll(): (ImageAliasEntry & { project: string })[] {
    return this.store.allAliases();
  }

  /** The alias for who may see it: who has not the project sees those of public images. @throws ApiError NOT_FOUND */
  async show(call: Call, name: string): Promise<ImageAliasEntry> {
    const alias = this.get(call, name);
    if (!maySee(call, call.project) && !this.find(call.project, alias.target).public) throw aliasNotFound();
    return alias;
  }

  /** @throws ApiError NOT_FOUND */
  get(call: Call, name: string): ImageAliasEntry {
    const alias = this.store.findAlias(this.#projectOf(call), name);
    if (alias === undefined) throw aliasNotFound();
    return alias;
  }

  /** @throws ApiError CONFLICT when the name is taken */
  requireFree(call: Call, name: string): void {
    if (this.store.findAlias(this.#projectOf(call), name) !== undefined)
      throw conflict(`Alias "${name}" already exists`);
  }

  create(call: Call, post: ImageAliasesPost): void {
    this.requireFree(call, post.name);
    const { project, fingerprint } = this.find(call.project, post.target);
    if (!call.isDryRun) this.store.insertAlias(project, { ...post, target: fingerprint });
  }

  update(call: Call, name: string, { description, target }: { description: string; target: string }): void {
    this.get(call, name);
    const { project, fingerprint } = this.find(call.project, target);
    this.store.updateAlias(project, name, description, fingerprint);
  }

  rename(call: Call, from: string, to: string): void {
    this.get(call, from);
    if (from !== to) this.requireFree(call, to);
    this.store.renameAlias(this.#projectOf(call), from, to);
  }

  delete(call: Call, name: string): void {
    this.get(call, name);
    this.store.deleteAlias(this.#projectOf(call), name);
  }
}
