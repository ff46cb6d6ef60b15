/** Skopeo: reads registries and archives into layouts, confined: it sees the network, what it reads and the folder that it writes. */
import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { ApiError, badRequest, notFound, unavailable } from "../../../../sdk/api/errors";
import { findProgram } from "../../../../sdk/host/program";
import { type Confinement, confined } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import { beyond, type ImageLimits } from "../archive/limits";
import { proxyFor } from "../remote/proxies";
import type { OciReference } from "./reference";

/** A manifest, and what it points to. */
const mostManifestBytes = 4 * 1024 * 1024;
const lookMs = 200;
/** How long a registry may say nothing. */
const silenceMs = 120_000;

/** @throws ApiError BAD_REQUEST that says what to install */
export function requirePrograms(): void {
  const missing = ["skopeo", "umoci"].filter((name) => findProgram(name) === undefined);
  if (missing.length > 0)
    throw badRequest(
      `Cannot use images of OCI: that needs skopeo and umoci, and ${missing.map((name) => `"${name}"`).join(" and ")} ${missing.length === 1 ? "is" : "are"} not installed. Install them, on Debian by "apt-get install skopeo umoci".`,
    );
}

export interface Registry {
  readonly reference: OciReference;
  /** As a user wrote it, for messages. */
  readonly name: string;
  /** PEM that the registry must have, or that of its authority; empty for what this system trusts. */
  readonly certificate: string;
  /** File with the daemon's accounts at registries; nothing for who comes as nobody. */
  readonly accounts: string | undefined;
  /** Of the server: its proxies. */
  readonly config: Config;
}

/** Folder of its own for one use of skopeo. */
export class Skopeo {
  /** @param folder an empty one, where it may write */
  constructor(
    private readonly folder: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Where the image lies after a copy: a layout with the one name "image". */
  get layout(): string {
    return path.join(this.folder, "layout");
  }

  /** The manifest as the registry has it. @param version in place of the reference's @throws ApiError NOT_FOUND, FORBIDDEN, UNAVAILABLE */
  async manifest(registry: Registry, version = registry.reference.version): Promise<string> {
    const options = await this.#options(registry, "");
    const words = ["inspect", "--raw", ...options, this.#address(registry, version)];
    const tooLong = new AbortController();
    const timer = setTimeout(() => tooLong.abort(silent(registry)), silenceMs);
    try {
      const { stdout } = await this.#speak(registry, words, { maxOutput: mostManifestBytes, signal: tooLong.signal });
      return stdout;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Copies an image of a registry into the layout.
   * @param mostBytes that may come, as its manifest says @param tell how many have come
   */
  async fetch(registry: Registry, version: string, mostBytes: number, tell: (bytes: number) => void): Promise<void> {
    const end = new AbortController();
    let last = { bytes: 0, at: Date.now() };
    const look = async () => {
      const bytes = await bytesIn(this.folder);
      tell(Math.min(bytes, mostBytes));
      if (bytes !== last.bytes) last = { bytes, at: Date.now() };
      else if (Date.now() - last.at > silenceMs) end.abort(silent(registry));
      // What a registry sends is judged by its digest only at the end.
      if (bytes > mostBytes)
        end.abort(
          badRequest(`Cannot fetch the image "${registry.name}": the registry sends more than its manifest says.`),
        );
    };
    const timer = setInterval(() => void look().catch(() => undefined), lookMs);
    try {
      const options = await this.#options(registry, "src-");
      // Else it would compress what is not, as long as it comes.
      const as = ["--dest-oci-accept-uncompressed-layers"];
      const words = [
        "copy",
        "--quiet",
        ...as,
        ...options,
        this.#address(registry, version),
        `oci:${this.layout}:image`,
      ];
      await this.#speak(registry, words, { signal: end.signal });
      await look();
      end.signal.throwIfAborted();
    } finally {
      clearInterval(timer);
    }
  }

  /** Copies the one image of an archive (a tarball of a layout) into the layout. @param file checked before, as any tarball @throws ApiError BAD_REQUEST */
  async open(file: string, architecture: string): Promise<void> {
    const words = [
      "copy",
      "--quiet",
      "--dest-oci-accept-uncompressed-layers",
      `oci-archive:${file}`,
      `oci:${this.layout}:image`,
    ];
    try {
      await this.#run([...platformWords(architecture), ...words], { read: [file] });
    } catch (error) {
      if (this.signal.aborted) throw error;
      throw badRequest(
        `Cannot import image: its archive of OCI cannot be read: ${causeOf(error)}. Make it with one image in it, for example by "skopeo copy".`,
        { cause: error },
      );
    }
  }

  #address({ reference }: Registry, version: string): string {
    return `docker://${reference.repository}${version}`;
  }

  async #options({ reference, certificate, accounts }: Registry, prefix: "" | "src-"): Promise<string[]> {
    const options: string[] = [];
    if (!reference.isSecure) options.push(`--${prefix}tls-verify=false`);
    if (certificate !== "") {
      const folder = path.join(this.folder, "certificates");
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, "ca.crt"), certificate);
      options.push(`--${prefix}cert-dir=${folder}`);
    }
    options.push(
      accounts === undefined ? `--${prefix}no-creds` : `--${prefix === "" ? "" : "src-"}authfile=${accounts}`,
    );
    return options;
  }

  async #speak(
    registry: Registry,
    words: readonly string[],
    options: { readonly maxOutput?: number; readonly signal?: AbortSignal },
  ) {
    const { accounts, reference, config } = registry;
    const scheme = reference.isSecure ? "https" : "http";
    const proxy = proxyFor(new URL(`${scheme}://${reference.repository.split("/")[0]}`), config);
    const env =
      proxy === undefined ? {} : { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1,::1" };
    try {
      return await this.#run(
        words,
        { network: true, read: accounts === undefined ? [] : [accounts] },
        { ...options, env },
      );
    } catch (error) {
      if (this.signal.aborted) throw this.signal.reason;
      if (options.signal?.aborted) throw options.signal.reason;
      throw registryError(registry, error);
    }
  }

  async #run(
    words: readonly string[],
    confinement: Confinement,
    options: { readonly maxOutput?: number; readonly signal?: AbortSignal; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    const temporary = path.join(this.folder, "tmp");
    await mkdir(temporary, { recursive: true });
    const all = ["--insecure-policy", `--tmpdir=${temporary}`, ...words];
    const signals = [this.signal, ...(options.signal === undefined ? [] : [options.signal])];
    return await run(...confined("skopeo", all, { ...confinement, write: this.folder }), {
      signal: AbortSignal.any(signals),
      env: { PATH: process.env.PATH, LC_ALL: "C", HOME: temporary, ...options.env },
      ...(options.maxOutput === undefined ? {} : { maxOutput: options.maxOutput }),
    });
  }
}

const silent = ({ name, reference }: Registry) =>
  unavailable(
    `Cannot fetch the image "${name}": the registry "${reference.repository.split("/")[0]}" stopped sending. Try again.`,
  );

/** Go's words for an architecture, before the command. */
function platformWords(architecture: string): string[] {
  const [name, variant] = goArchitectures[architecture] ?? [architecture];
  return [
    "--override-os=linux",
    `--override-arch=${name}`,
    ...(variant === undefined ? [] : [`--override-variant=${variant}`]),
  ];
}

const goArchitectures: Readonly<Record<string, readonly [name: string, variant?: string]>> = {
  x86_64: ["amd64"],
  i686: ["386"],
  aarch64: ["arm64"],
  armv7l: ["arm", "v7"],
  armv6l: ["arm", "v6"],
};

/** Files come and go meanwhile. */
async function bytesIn(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) => {
      const about = await stat(path.join(folder, name)).catch(() => undefined);
      return about?.isFile() ? about.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What skopeo said last, without its time and level. */
function causeOf(error: unknown): string {
  const said = (error as { details?: { stderr?: string } }).details?.stderr ?? (error as Error).message;
  const last = said.trim().split("\n").at(-1) ?? "";
  const [, message] = /msg="((?:[^"\\]|\\.)*)"/.exec(last) ?? [];
  return (message?.replace(/\\(.)/g, "$1") ?? last).slice(-600).replace(/\.$/, "");
}

function registryError({ name, reference, accounts }: Registry, error: unknown): Error {
  const cause = causeOf(error);
  const registry = reference.repository.split("/")[0];
  if (/manifest unknown|name unknown|repository name not known|\b404\b|StatusCode: 404/i.test(cause))
    return notFound(`Image not found: the registry "${registry}" has no "${name}". Correct its name and tag.`);
  if (/unauthorized|authentication required|access to the resource is denied|forbidden|\b40[13]\b/i.test(cause)) {
    const remedy =
      accounts === undefined
        ? "An account for it is what the server's administrator can give (docs/oci.md)"
        : "Give the daemon an account there (docs/oci.md)";
    return new ApiError(
      "FORBIDDEN",
      `Cannot fetch the image "${name}": the registry "${registry}" does not let it be read: it is not there, or needs an account. ${remedy}.`,
      { cause: error },
    );
  }
  if (/exceeded maximum allowed size/.test(cause))
    return badRequest(`Cannot fetch the image "${name}": ${cause}. Ask whoever made the image.`);
  return unavailable(`Cannot fetch the image "${name}" from the registry "${registry}": ${cause}. Try again.`, {
    cause: error,
  });
}

/** @throws ApiError BAD_REQUEST for an image that is larger than one may be */
export function requireFits(bytes: number, limits: ImageLimits): void {
  if (bytes > limits.size.value) throw beyond(limits, "size", "its layers have more bytes");
}
