/** New images: what POST /1.0/images makes them of: what is uploaded, a template, what another server has, or what it will send. */

import { never } from "../../../sdk/api/common";
import { badRequest } from "../../../sdk/api/errors";
import { eitherFamily } from "../../../sdk/api/headers";
import { type Image, type ImagePut, ImagesPost } from "../../../sdk/api/image";
import { maySee, notAuthorized, requireAccess, vouchedFor } from "../../core/access";
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import { type Ref, ref } from "../../core/ref";
import { dryRun } from "../../http/dry-run";
import { type ApiRequest, asyncOp, type Reply, type Route, route, sync } from "../../http/route";
import { answers } from "../../http/says";
import type { Dirs } from "../../platform/folders/dirs";
import type { RunningOperation } from "../../platform/operations";
import { makeSecret } from "../../platform/secret";
import { receive } from "./archive/upload";
import type { ImportOptions } from "./described";
import { isPublish, type Publisher } from "./publish";
import type { RemoteSource } from "./remote/found";
import { remoteSource } from "./remote/remote-images";
import type { Awaited } from "./secrets";
import { type ImageService, writable } from "./service";

const says = {
  summary:
    "Imports an image that the body brings, fetches one from another server, or makes one of a stopped instance, a snapshot or a template.",
  headers: {
    public: "`true`: whether `public` is set",
    filename: "name of the file that it came from",
    properties: "properties, URL-encoded: `os=BusyBox&release=1.36`",
    profiles: "profiles of instances made of it, URL-encoded: `profile=a&profile=b`",
    aliases: "aliases of it, URL-encoded: `alias=a&alias=b` (extension `image_import_alias`)",
    fingerprint: "what the fingerprint must come to",
    secret: "what this server gave for an image of that fingerprint (`mode` `push`): who knows it needs no trust",
  },
  upload: {
    "application/octet-stream": "a unified tarball, or one of a layout of OCI with one image",
    "multipart/form-data": "the parts `metadata` and `rootfs`, in this order",
  },
  untyped: true,
  query: dryRun.query,
  body: ImagesPost,
  answer: [answers.operationWith("`fingerprint` and `size` of the image"), dryRun.answer],
} as const;

export function newImageRoute(images: ImageService, publisher: Publisher, changes: Changes, dirs: Dirs): Route {
  const imageRef = ({ project }: Call, fingerprint: string): Ref => ref("image", fingerprint, images.homeOf(project));
  const told = (call: Call, fingerprint: string) => ({
    action: "image-created",
    of: imageRef(call, fingerprint),
    context: { type: "container" },
  });

  /** The body is on disk before the answer goes out; the operation then checks and stores it. */
  async function importImage({ call: caller, headers, body }: ApiRequest): Promise<Reply> {
    const { options, secret } = optionsOf(headers);
    const awaited =
      secret === undefined || options.expectedFingerprint === undefined
        ? undefined
        : images.secrets.takeAwaited(
            { project: images.homeOf(caller.project), fingerprint: options.expectedFingerprint },
            secret,
          );
    const call = awaited === undefined ? caller : vouchedFor(caller);
    if (awaited === undefined && !maySee(caller, caller.project)) throw notAuthorized();
    requireAccess(call, [imageRef(call, "")]);
    const wanted = withAwaited(options, awaited);
    for (const { name } of wanted.aliases ?? []) images.aliases.requireFree(call, name);
    const upload = await receive(body, headers, dirs.scratch, images.limits);
    return asyncOp(
      changes.start(call, {
        of: [imageRef(call, upload.fingerprint)],
        operation: {
          description: "Downloading image",
          mayCancel: true,
          // Who sent it is not known here, and may wait by this.
          ...(awaited === undefined ? {} : { metadata: { secret: makeSecret() } }),
        },
        work: async ({ signal }) => {
          await using uploaded = upload;
          const made = await images.import(call.project, uploaded, { ...wanted, signal });
          // Of a layout of OCI another one than the upload's.
          changes.tell(call, told(call, made.fingerprint));
          return made;
        },
      }),
    );
  }

  /** What is said beside the source of a new image: aliases, visibility, properties, profiles. */
  function describe(call: Call, fingerprint: string, post: ImagesPost): Promise<void> {
    return changes.run(call, {
      of: [imageRef(call, fingerprint), ...post.aliases.map(({ name }) => ref("image-alias", name, call.project))],
      work: () => {
        for (const alias of post.aliases)
          images.aliases.create(call, { ...alias, target: fingerprint, type: "container" });
        images.update(call.project, fingerprint, mergedPut(images.get(call.project, fingerprint), post));
        images.keep(call.project, fingerprint, post.filename);
      },
    });
  }

  /** @param bring gives the fingerprint of the image when it is here */
  function start(
    call: Call,
    post: ImagesPost,
    description: string,
    bring: (operation: RunningOperation) => Promise<string>,
  ): Reply {
    for (const alias of post.aliases) images.aliases.requireFree(call, alias.name);
    if (call.isDryRun) return sync();
    return asyncOp(
      changes.start(call, {
        // Which image it will be is known when it is here.
        of: [],
        operation: { description, mayCancel: true },
        work: async (operation) => {
          const fingerprint = await bring(operation);
          await describe(call, fingerprint, post);
          return { fingerprint, size: String(images.get(call.project, fingerprint).size) };
        },
      }),
    );
  }

  async function build(call: Call, post: ImagesPost): Promise<Reply> {
    const { template } = post.source;
    if (template === undefined)
      throw badRequest('Cannot make image: the source has no "template". Name one, such as busybox.');
    await images.requireTemplate(template);
    return start(call, post, "Building image", async (operation) => {
      const { fingerprint } = await images.fromTemplate(call.project, template, operation);
      changes.tell(call, told(call, fingerprint));
      return fingerprint;
    });
  }

  function fetch(call: Call, post: ImagesPost, source: RemoteSource): Reply {
    // Go's clients send the time that stands for none.
    const { expires_at: expiry, ...rest } = post;
    const said: ImagesPost = expiry === undefined || expiry === never ? rest : post;
    const options = { public: post.public ?? false, autoUpdate: post.auto_update ?? false };
    return start(call, said, "Downloading image", async (operation) => {
      const { fingerprint } = await images.remote.fetch(call, source, operation, options);
      return fingerprint;
    });
  }

  /** Tells a secret with which another server may send the image. */
  function expect(call: Call, post: ImagesPost): Reply {
    const { fingerprint = "" } = post.source;
    if (!/^[0-9a-f]{64}$/.test(fingerprint))
      throw badRequest('Cannot await image: the source needs the whole "fingerprint" of the image that is to come.');
    const { aliases, properties = {}, expires_at: expiry } = post;
    const isTimed = expiry !== undefined && expiry !== never;
    const awaited = { aliases, properties, public: post.public ?? false, ...(isTimed ? { expires_at: expiry } : {}) };
    return asyncOp(images.secrets.issue(call, { project: images.homeOf(call.project), fingerprint }, awaited));
  }

  function make({ call }: ApiRequest, post: ImagesPost): Promise<Reply> | Reply {
    if (call.isDryRun && (isPublish(post) || post.source.mode === "push"))
      throw badRequest(
        'Cannot make a dry run of an image that is published or awaited: what it holds is known when it is here. Leave out "dry-run".',
      );
    if (isPublish(post)) return asyncOp(publisher.start(call, post));
    requireAccess(call, [imageRef(call, "")]);
    const { type, mode, url = "" } = post.source;
    if (mode === "push") return expect(call, post);
    switch (type) {
      case "template":
        return build(call, post);
      case "image":
        return fetch(call, post, remoteSource(post.source));
      case "url":
        if (url === "") throw badRequest('Missing URL: the source has no "url".');
        return fetch(call, post, { ...noSource, server: url, name: url });
      default:
        throw badRequest(
          `Cannot make image: the source type ${JSON.stringify(type)} is not supported. Send a tarball as the body, or a source of the type image, url, instance, snapshot or template.`,
        );
    }
  }

  /** Who knows the secret of an image may send it. Of anybody else nothing is read. */
  function requireSender({ call, headers }: ApiRequest): void {
    if (!maySee(call, call.project) && optionsOf(headers).secret === undefined) throw notAuthorized();
  }

  const post = route("POST", "/1.0/images", says, (request, body) => {
    if (body === undefined) return importImage(request);
    if (!maySee(request.call, request.call.project)) throw notAuthorized();
    return make(request, body);
  });
  return {
    ...post,
    access: "untrusted",
    handle: (request) => {
      requireSender(request);
      return post.handle(request);
    },
  };
}

/** What an upload says of aliases is judged as a body is. */
const uploadAliases = ImagesPost.pick({ aliases: true });

const noSource = { protocol: "direct", certificate: "", secret: "", project: "" } as const;

/** Properties key by key; an empty one is unset. */
export function mergedPut(have: Image, patch: Partial<ImagePut>): ImagePut {
  const before = writable(have);
  return {
    ...before,
    public: patch.public ?? before.public,
    auto_update: patch.auto_update ?? before.auto_update,
    profiles: patch.profiles ?? before.profiles,
    expires_at: patch.expires_at ?? before.expires_at,
    properties: { ...before.properties, ...patch.properties },
  };
}

/** What was said before an image came counts, but for what is said with it. */
const withAwaited = (options: ImportOptions, awaited: Awaited | undefined): ImportOptions =>
  awaited === undefined
    ? options
    : {
        ...options,
        public: awaited.public,
        aliases: awaited.aliases,
        expires_at: awaited.expires_at,
        told: { filename: "", properties: awaited.properties },
      };

/** The headers of an upload, in LXD's or Incus's name (docs/lxd-api.md, Images). */
function optionsOf(headers: ApiRequest["headers"]): { options: ImportOptions; secret: string | undefined } {
  const header = (name: string) => eitherFamily(headers, name);
  const profiles = header("profiles");
  const names = new Set(new URLSearchParams(header("aliases")).getAll("alias"));
  const { aliases } = uploadAliases.parse({ aliases: [...names].map((name) => ({ name })) });
  const options = {
    public: /^(1|true|yes|on)$/i.test(header("public") ?? ""),
    filename: header("filename"),
    properties: Object.fromEntries(new URLSearchParams(header("properties"))),
    profiles: profiles === undefined ? undefined : new URLSearchParams(profiles).getAll("profile"),
    expectedFingerprint: header("fingerprint")?.toLowerCase(),
    aliases,
  };
  return { options, secret: header("secret") || undefined };
}
