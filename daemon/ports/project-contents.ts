/** Project contents: what lies in a project, of every kind that can. */
import { defaultProject } from "../core/call";
import { ref, urlOf, volumeRef } from "../core/ref";
import type { CertificateService } from "../kinds/certificate/service";
import type { ImageService } from "../kinds/image/service";
import type { InstanceBook } from "../kinds/instance/book";
import type { NetworkService } from "../kinds/network/service";
import type { ProfileService } from "../kinds/profile/service";
import type { ProjectContents } from "../kinds/project/home";
import type { StorageVolumeService } from "../kinds/storage-volume/service";
import { type Clearing, clearProject } from "./project-clearing";

interface Parts extends Clearing {
  readonly book: InstanceBook;
  readonly profiles: ProfileService;
  readonly images: ImageService;
  readonly storageVolumes: StorageVolumeService;
  readonly networks: NetworkService;
  readonly certificates: CertificateService;
}

/** What projects ask of the kinds whose objects lie in them. */
export const projectContents = (parts: Parts): ProjectContents => ({
  instances: (project, next) => parts.book.expandedOf(project, next),
  volumes: (project) => parts.storageVolumes.store.records().filter((one) => one.project === project),
  profiles: (project) => parts.profiles.records(project),
  urls: (project) => {
    const isIn = (one: { readonly project: string }) => one.project === project;
    const instances = parts.book.store.ids().filter(isIn);
    const images = parts.images.ids().filter(isIn);
    const volumes = parts.storageVolumes.store.ids().filter(isIn);
    // Networks are the default project's.
    const networks = project === defaultProject ? parts.networks.records() : [];
    return [
      ...instances.map(({ name }) => ref("instance", name, project)),
      ...parts.profiles.records(project).map(({ name }) => ref("profile", name, project)),
      ...images.map(({ fingerprint }) => ref("image", fingerprint, project)),
      ...volumes.map(({ pool, name }) => volumeRef(pool, name, project)),
      ...networks.map(({ name }) => ref("network", name)),
    ].map(urlOf);
  },
  projects: () =>
    new Set(
      [
        ...parts.book.store.ids(),
        ...parts.profiles.records(),
        ...parts.images.ids(),
        ...parts.storageVolumes.store.ids(),
      ].map(({ project }) => project),
    ),
  clear: (call) => clearProject(parts, call),
  deleteNetwork: async (call, name) => {
    const of = ref("network", name);
    const work = async () => {
      if (parts.networks.find(name) === undefined) return;
      await parts.networks.delete(call, name);
      parts.changes.tell(call, { action: "network-deleted", of });
    };
    await parts.changes.run(call, { of: [of], work });
  },
  addDefaultProfile: (project) => parts.profiles.addDefault(project),
  removeDefaultProfile: (project) => parts.profiles.removeDefault(project),
  projectRenamed: (from, to) => {
    parts.profiles.projectRenamed(from, to);
    parts.certificates.projectRenamed(from, to);
  },
  projectDeleted: (project) => {
    parts.profiles.removeDefault(project);
    parts.certificates.projectDeleted(project);
  },
});
