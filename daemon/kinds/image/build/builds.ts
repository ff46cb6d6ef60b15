/** Builds: templates become images, one build for all who ask for the same at the same time. */
import { createReadStream } from "node:fs";
import path from "node:path";
import { templatesDir } from "../../../../sdk/host/package";
import type { Dirs } from "../../../platform/folders/dirs";
import type { RunningOperation } from "../../../platform/operations";
import { packImage } from "../archive/pack";
import { removeTree } from "../archive/tree";
import { adopt, scratchFolder, type Upload } from "../archive/upload";
import { SharedWork } from "../shared-work";
import { digestOf, readTemplate, type Template } from "../templates/template";
import { busyboxInputs, fillBusybox } from "./busybox";
import { fillDebian } from "./mmdebstrap";
import type { Progress } from "./progress";

export interface FoundTemplate extends Template {
  readonly digest: string;
}

export class TemplateBuilds {
  readonly #builds = new SharedWork<string>();

  constructor(private readonly platform: { readonly dirs: Dirs }) {}

  /** Where users put definitions of their own; they win over the shipped ones. */
  get folders(): string[] {
    return [path.join(this.platform.dirs.root, "templates"), templatesDir];
  }

  /** @throws ApiError NOT_FOUND, or BAD_REQUEST for a wrong definition */
  async find(name: string): Promise<FoundTemplate> {
    const template = await readTemplate(name, this.folders);
    const inputs = template.definition.kind === "host-busybox" ? await busyboxInputs() : "";
    return { ...template, digest: digestOf(template, inputs) };
  }

  /**
   * Builds, or joins the build that runs.
   * A caller that is cancelled leaves; the build itself ends when nobody is left.
   * @param keep stores what was built and gives its fingerprint
   */
  build(
    template: FoundTemplate,
    operation: RunningOperation,
    keep: (upload: Upload) => Promise<string>,
  ): Promise<string> {
    return this.#builds.join(template.digest, operation, (each, signal) => {
      const tell: Progress = (percent, text) =>
        each((watcher) => watcher.progress("create_image_from_template", percent, text));
      return this.#make(template, tell, signal).then(keep);
    });
  }

  async #make(template: Template, tell: Progress, signal: AbortSignal): Promise<Upload> {
    const { definition, name } = template;
    const folder = await scratchFolder(this.platform.dirs.scratch);
    const dispose = () => removeTree(folder.path);
    try {
      tell(0, `Building template ${name}`);
      const root = path.join(folder.path, "rootfs");
      const created =
        definition.kind === "host-busybox"
          ? await fillBusybox(root, definition)
          : await fillDebian(root, definition, tell, signal);
      tell(90, `Packing template ${name}`);
      const main = path.join(folder.path, "main");
      await packImage(folder.path, main, { template, createdSeconds: created }, signal);
      return { ...(await adopt(createReadStream(main), main)), [Symbol.asyncDispose]: dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  }
}
