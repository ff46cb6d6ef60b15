/** A server of images in a network namespace: simplestreams with whatever products a test wants, over HTTPS with a certificate of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeCertificate, makeKey } from "../../sdk/host/certificate";

/** What a server does with a path that begins so, in place of giving the file. */
export interface Rule {
  readonly id: string;
  readonly path: string;
  /** Only this path and no other that begins so. */
  readonly whole?: boolean;
  /** Counts for requests without this account: "user:password". */
  readonly unless?: string;
  /** How often; always when absent. */
  readonly times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the connection after so many bytes. */
  readonly cut?: number;
  /** Waits after so many bytes until release(). */
  readonly hold?: number;
  readonly endless?: boolean;
  /** Knows no ranges. */
  readonly noRange?: boolean;
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly range?: string;
}

/** A version of a product: its files by their type ("squashfs"), which are on this host, and wrong words of the list about them. */
export interface Version {
  readonly files: Readonly<Record<string, string>>;
  readonly lies?: Readonly<Record<string, Record<string, unknown>>>;
}

export interface ProductSpec {
  readonly os: string;
  readonly release: string;
  readonly aliases: string;
  readonly arch?: string;
  readonly versions: Readonly<Record<string, Version>>;
}

const sha256 = (...files: string[]): string => {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
};

/** A certificate and its key in files. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** @param addresses that the certificate is for */
export function makeServerIdentity(addresses: readonly string[]): ServerIdentity & { readonly folder: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-tls-"));
  const [cert, key] = [path.join(folder, "cert.pem"), path.join(folder, "key.pem")];
  const made = makeKey();
  writeFileSync(key, made);
  writeFileSync(cert, makeCertificate(made, { use: "server", commonName: "images", names: ["localhost"], addresses }));
  return { folder, cert, key };
}

export interface ImageServerOptions {
  readonly address?: string;
  readonly port: number;
  /** Plain HTTP without. */
  readonly identity?: ServerIdentity;
}

export class ImageServer implements AsyncDisposable {
  #rules = 0;

  private constructor(
    private readonly folder: string,
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** @param netnsPid of a process in the namespace */
  static async start(
    netnsPid: number,
    { address = "127.0.0.1", port, identity }: ImageServerOptions,
  ): Promise<ImageServer> {
    const folder = mkdtempSync(path.join(tmpdir(), "bothy-images-"));
    const program = path.join(__dirname, "image-server-process.js");
    const tls = identity === undefined ? [] : [identity.cert, identity.key];
    const inside = ["--target", String(netnsPid), "--net", "--", process.execPath, program];
    const child = spawn("nsenter", [...inside, folder, address, String(port), ...tls], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    return new ImageServer(folder, child, `${identity === undefined ? "http" : "https"}://${address}:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.kill();
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts a file there. @param file on this host, or its content */
  put(name: string, content: string | Buffer): void {
    const target = path.join(this.folder, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  /** The text of a file that is there. */
  read(name: string): string {
    return readFileSync(path.join(this.folder, name), "utf8");
  }

  /** Replaces what was said of paths before. */
  rule(...rules: Omit<Rule, "id">[]): void {
    rmSync(path.join(this.folder, "release"), { force: true });
    this.#rules += 1;
    this.put("rules.json", JSON.stringify(rules.map((rule, at) => ({ id: `${this.#rules}.${at}`, ...rule }))));
  }

  /** Lets go on what waits. */
  release(): void {
    this.put("release", "");
  }

  /** What was asked for since the last time. */
  asked(): Asked[] {
    const file = path.join(this.folder, "requests");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").trim().split("\n");
    rmSync(file);
    return lines.map((line) => JSON.parse(line) as Asked);
  }

  /** Writes the index and the list, with the files beside them. @returns the fingerprints by product's aliases, serial and form */
  offer(products: readonly ProductSpec[]): void {
    const list = Object.fromEntries(
      products.map(({ os, release, aliases, arch = "amd64", versions }) => [
        `${os}:${release}:${arch}`,
        {
          aliases,
          arch,
          os,
          release,
          release_title: release,
          versions: Object.fromEntries(
            Object.entries(versions).map(([serial, version]) => [
              serial,
              { items: this.#items(`${os}/${release}/${arch}/${serial}`, version) },
            ]),
          ),
        },
      ]),
    );
    const format = { content_id: "images", datatype: "image-downloads", format: "products:1.0" };
    this.put("streams/v1/images.json", JSON.stringify({ ...format, products: list }));
    const entry = { datatype: "image-downloads", path: "streams/v1/images.json", products: Object.keys(list) };
    this.put("streams/v1/index.json", JSON.stringify({ format: "index:1.0", index: { images: entry } }));
  }

  #items(place: string, { files, lies = {} }: Version): Record<string, unknown> {
    const combined: Record<string, string> = {};
    const meta = files["lxd.tar.xz"];
    if (meta !== undefined && files.squashfs !== undefined)
      combined.combined_squashfs_sha256 = sha256(meta, files.squashfs);
    if (meta !== undefined && files["root.tar.xz"] !== undefined)
      combined.combined_rootxz_sha256 = sha256(meta, files["root.tar.xz"]);
    return Object.fromEntries(
      Object.entries(files).map(([ftype, file]) => {
        const name = `${place}/${ftype}`;
        const content = readFileSync(file);
        this.put(name, content);
        const own = ftype === "lxd.tar.xz" ? combined : {};
        return [ftype, { ftype, path: name, size: content.length, sha256: sha256(file), ...own, ...lies[ftype] }];
      }),
    );
  }
}

export { sha256 as sha256OfFiles };
