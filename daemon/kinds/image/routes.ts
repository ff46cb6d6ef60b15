/** Routes of images. */
import { badRequest } from "../../../sdk/api/errors";
import { eitherFamily } from "../../../sdk/api/headers";
import { Image, ImagePut, ImagesPost } from "../../../sdk/api/image";
import { maySee, requireAccess } from "../../core/access";
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import { ref, urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  inProjects,
  isOfAllProjects,
  needing,
  type Reply,
  type Route,
  raw,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { allProjects, answers, filter, recursion } from "../../http/says";
import type { Dirs } from "../../platform/folders/dirs";
import { aliasRoutes } from "./alias/routes";
import { exported } from "./archive/export";
import { receive } from "./archive/upload";
import { isPublish, type Publisher } from "./publish";
import { type ImageService, type ImportOptions, writable } from "./service";

const base = "/1.0/images";
const one = `${base}/:fingerprint`;

const importSays = {
  summary: "Imports an image that the body brings, or makes one of a stopped instance, a snapshot or a template.",
  headers: {
    public: "`true`: whether `public` is set",
    filename: "name of the file that it came from",
    properties: "properties, URL-encoded: `os=BusyBox&release=1.36`",
    profiles: "profiles of instances made of it, URL-encoded: `profile=a&profile=b`",
    fingerprint: "what the fingerprint must come to",
  },
  upload: {
    "application/octet-stream": "a unified tarball",
    "multipart/form-data": "the parts `metadata` and `rootfs`, in this order",
  },
  body: ImagesPost,
  answer: answers.operationWith("`fingerprint` and `size` of the image"),
} as const;

/** What the ETag covers (docs/lxd-api.md, Changes). */
const tagged = ({ public: isPublic, auto_update, properties }: Image) => ({
  public: isPublic,
  auto_update,
  properties,
});

export function imageRoutes(images: ImageService, publisher: Publisher, changes: Changes, dirs: Dirs): Route[] {
  /** The image lies in the project of who calls, or in the default one. */
  const imageRef = ({ project }: Call, fingerprint: string) => ref("image", fingerprint, images.homeOf(project));
  const imageOf = ({ call, params }: ApiRequest) => images.get(call.project, params.fingerprint ?? "");

  /** The image as one that who calls may have: who has not the project has the public ones. @throws ApiError NOT_FOUND */
  const seenOf = ({ call, params }: ApiRequest) =>
    images.get(call.project, params.fingerprint ?? "", !maySee(call, call.project));

  function list(request: ApiRequest): Reply {
    const clauses = parseFilter(request.query.get("filter"));
    const home = images.homeOf(request.call.project);
    const isAll = isOfAllProjects(request);
    const projectOf = (image: Image) => (isAll ? String(image.project) : home);
    const isSeen = (image: Image) =>
      image.public || maySee(request.call, isAll ? String(image.project) : request.call.project);
    const found = (isAll ? images.listAll() : images.list(home)).filter(
      (image) => isSeen(image) && matches(clauses, image),
    );
    return sync(
      recursionOf(request) === 0
        ? found.map((image) => urlOf(ref("image", image.fingerprint, projectOf(image))))
        : found,
    );
  }

  function get(request: ApiRequest): Reply {
    const image = seenOf(request);
    return sync(image, tagged(image));
  }

  /** The body is on disk before the answer goes out; the operation then checks and stores it. */
  async function importImage({ call, headers, body }: ApiRequest): Promise<Reply> {
    requireAccess(call, [imageRef(call, "")]);
    const options = optionsOf(headers);
    const upload = await receive(body, headers, dirs.scratch, images.limits);
    return asyncOp(
      changes.start(call, {
        of: [imageRef(call, upload.fingerprint)],
        operation: { description: "Downloading image", mayCancel: true },
        told: { action: "image-created", of: imageRef(call, upload.fingerprint) },
        work: async ({ signal }) => {
          await using uploaded = upload;
          return await images.import(call.project, uploaded, { ...options, signal });
        },
      }),
    );
  }

  /** The JSON form: of an instance or a snapshot, or of a template. */
  async function buildImage({ call }: ApiRequest, post: ImagesPost): Promise<Reply> {
    if (isPublish(post)) return asyncOp(publisher.start(call, post));
    const { type, template } = post.source;
    if (type !== "template" || typeof template !== "string")
      throw badRequest(
        `Cannot make image: the source type ${JSON.stringify(type)} is not supported. Send a tarball as the body, or a source of the type instance, snapshot or template.`,
      );
    requireAccess(call, [imageRef(call, "")]);
    await images.requireTemplate(template);
    for (const alias of post.aliases) images.aliases.requireFree(call, alias.name);
    return asyncOp(
      changes.start(call, {
        // Which image it will be is known when it is built.
        of: [],
        operation: { description: "Building image", mayCancel: true },
        work: async (operation) => {
          const { fingerprint } = await images.fromTemplate(call.project, template, operation);
          await changes.run(call, {
            of: [
              imageRef(call, fingerprint),
              ...post.aliases.map(({ name }) => ref("image-alias", name, call.project)),
            ],
            told: { action: "image-created", of: imageRef(call, fingerprint) },
            work: () => {
              for (const alias of post.aliases)
                images.aliases.create(call, { ...alias, target: fingerprint, type: "container" });
              images.update(call.project, fingerprint, mergedPut(images.get(call.project, fingerprint), post));
            },
          });
          return { fingerprint, size: String(images.get(call.project, fingerprint).size) };
        },
      }),
    );
  }

  async function change(request: ApiRequest, next: (have: Image) => ImagePut): Promise<Reply> {
    const { fingerprint } = imageOf(request);
    const { call } = request;
    const have = () => images.get(call.project, fingerprint);
    await changes.run(call, {
      of: [imageRef(call, fingerprint)],
      etag: { ifMatch: ifMatchOf(request), parts: () => tagged(have()) },
      told: { action: "image-updated", of: imageRef(call, fingerprint) },
      work: () => images.update(call.project, fingerprint, next(have())),
    });
    return sync();
  }

  function remove(request: ApiRequest): Reply {
    const { fingerprint } = imageOf(request);
    const { call } = request;
    const of = imageRef(call, fingerprint);
    return asyncOp(
      changes.start(call, {
        of: [of],
        operation: { description: "Deleting image", resources: { images: [urlOf(of)] } },
        told: { action: "image-deleted", of },
        work: () => images.delete(call.project, fingerprint),
      }),
    );
  }

  function exportImage(request: ApiRequest): Reply {
    const { headers, body } = exported(images.files(request.call.project, seenOf(request).fingerprint));
    return raw(body, headers);
  }

  /** What everybody may read, as far as images are public. */
  const forAll = needing("untrusted", [
    route(
      "GET",
      base,
      { summary: "Lists images.", query: { ...recursion, ...filter, ...allProjects }, answer: answers.list(Image) },
      list,
    ),
    route("GET", one, { summary: "Shows an image.", tagged: true, answer: answers.one(Image) }, get),
    route(
      "GET",
      `${one}/export`,
      {
        summary: "Gives the image's files as they were imported.",
        answer: answers.raw("the tarball, or a multipart form of the parts `metadata` and `rootfs`"),
      },
      exportImage,
    ),
  ]);

  return inProjects([
    ...aliasRoutes(images.aliases, changes),
    ...forAll,
    route("POST", base, importSays, (request, post) =>
      post === undefined ? importImage(request) : buildImage(request, post),
    ),
    route(
      "PUT",
      one,
      { summary: "Replaces the mutable part of an image.", body: ImagePut, tagged: true, answer: answers.nothing },
      (request, put) => change(request, () => put),
    ),
    route(
      "PATCH",
      one,
      {
        summary: "Changes some of the mutable part of an image.",
        patch: ImagePut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, patch) => change(request, (have) => mergedPut(have, patch)),
    ),
    route(
      "DELETE",
      one,
      { summary: "Deletes an image; instances made of it stay.", answer: answers.operation },
      remove,
    ),
  ]);
}

/** Properties key by key; an empty one is unset. */
function mergedPut(have: Image, patch: Partial<ImagePut>): ImagePut {
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

/** The headers of an upload, in LXD's or Incus's name (docs/lxd-api.md, Images). */
function optionsOf(headers: ApiRequest["headers"]): ImportOptions {
  const header = (name: string) => eitherFamily(headers, name);
  const profiles = header("profiles");
  return {
    public: /^(1|true|yes|on)$/i.test(header("public") ?? ""),
    filename: header("filename"),
    properties: Object.fromEntries(new URLSearchParams(header("properties"))),
    profiles: profiles === undefined ? undefined : new URLSearchParams(profiles).getAll("profile"),
    expectedFingerprint: header("fingerprint")?.toLowerCase(),
  };
}
