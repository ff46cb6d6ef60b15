/** Home of images: the platform, and what images ask of others. */
import type { Config } from "../../../sdk/api/common";
import type { Changes } from "../../core/changes";
import type { Projects } from "../../core/projects";
import type { Ref } from "../../core/ref";
import type { RootSource } from "../../platform/native/root-source";
import type { Platform } from "../../platform/platform";
import type { ImageMetadata } from "./archive/metadata";
import type { OciRuntime } from "./archive/oci-runtime";

/** What an image can be made of: an instance, or a snapshot of one. */
export interface Publishable {
  /** What is locked until it is at rest; of the instance its volumes stay while they are read. */
  readonly of: Ref;
  readonly instance: Ref;
  readonly architecture: string;
  /** What its image said of itself, as far as that is still known, with what was changed of it since. */
  readonly origin: { readonly metadata: ImageMetadata; readonly templates: Readonly<Record<string, string>> };
  /** What it runs, when it was made of an image of OCI. */
  readonly runs: OciRuntime | undefined;
  /** @throws ApiError BAD_REQUEST "Cannot export a running instance as an image" */
  requireAtRest(): void;
  /** Runs the work on the root at rest. As a change with `content` of the instance. @throws ApiError NOT_FOUND, UNAVAILABLE */
  read<T>(signal: AbortSignal, work: (root: RootSource, signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface ImageHome extends Platform {
  readonly changes: Changes;
  readonly projects: Projects & {
    /** Configuration of a project. @throws ApiError NOT_FOUND */
    config(project: string): Config;
    /** @throws ApiError BAD_REQUEST where an image has more bytes than the project's limits leave */
    allowImage(project: string, bytes: number): void;
  };
  readonly server: { config(): Config };
  readonly profiles: {
    /** @throws ApiError NOT_FOUND */
    record(project: string, name: string): unknown;
  };
  readonly publishables: {
    /** @param name of an instance, or as instance/snapshot @throws ApiError NOT_FOUND */
    find(project: string, name: string): Publishable;
  };
  readonly volumes: {
    /** Drops the volumes of a deleted image from every pool. */
    forgetImage(fingerprint: string): Promise<void>;
  };
  /** Whether a file that no object of the database has may be removed as what a crash left. */
  readonly isCrashLeftover: (file: string) => Promise<boolean>;
}
