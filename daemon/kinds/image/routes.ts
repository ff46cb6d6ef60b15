/** Routes of images. */
import { badRequest } from "../../../sdk/api/errors";
import { eitherFamily } from "../../../sdk/api/headers";
import { type Image, type ImagePut, ImagePut as ImagePutType, ImagesPost } from "../../../sdk/api/image";
import { patchOf } from "../../../sdk/api/patch";
import { checkEtag } from "../../http/etag";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  param,
  parseBody,
  type Reply,
  type Route,
  raw,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { aliasRoutes } from "./alias/routes";
import { exported } from "./archive/export";
import { receive } from "./archive/upload";
import { type ImportOptions, writable } from "./service";

const urlOf = (fingerprint: string) => `/1.0/images/${fingerprint}`;

/** What the ETag covers (docs/lxd-api.md, Changes). */
const tagged = ({ public: isPublic, auto_update, properties }: Image) => ({
  public: isPublic,
  auto_update,
  properties,
});

export const imageRoutes: Route[] = [
  ...aliasRoutes,
  route("GET", "/1.0/images", listImages),
  route("POST", "/1.0/images", createImage),
  route("GET", "/1.0/images/:fingerprint", getImage),
  route("PUT", "/1.0/images/:fingerprint", (request) => {
    const put = parseBody(request, ImagePutType);
    return change(request, () => put);
  }),
  route("PATCH", "/1.0/images/:fingerprint", patchImage),
  route("DELETE", "/1.0/images/:fingerprint", deleteImage),
  route("GET", "/1.0/images/:fingerprint/export", exportImage),
];

function listImages(request: ApiRequest): Reply {
  const filter = parseFilter(request.query.get("filter"));
  const images = request.context.images.list().filter((image) => matches(filter, image));
  return sync(recursionOf(request) === 0 ? images.map(({ fingerprint }) => urlOf(fingerprint)) : images);
}

function getImage(request: ApiRequest): Reply {
  const image = request.context.images.get(param(request, "fingerprint"));
  return sync(image, tagged(image));
}

function createImage(request: ApiRequest): Promise<Reply> {
  return request.json === undefined ? importImage(request) : buildImage(request);
}

/** The body is on disk before the answer goes out; the operation then checks and stores it. */
async function importImage(request: ApiRequest): Promise<Reply> {
  const { context, headers } = request;
  const options = optionsOf(headers);
  const upload = await receive(request.body, headers, context.dirs.scratch, context.images.limits);
  return asyncOp(
    context.operations.start({
      description: "Downloading image",
      mayCancel: true,
      run: async ({ signal }) => {
        await using uploaded = upload;
        const told = await context.images.import(uploaded, { ...options, signal });
        tell(request, "image-created", told.fingerprint);
        return told;
      },
    }),
  );
}

/** The JSON form; of its sources only templates work so far. */
async function buildImage(request: ApiRequest): Promise<Reply> {
  const post = parseBody(request, ImagesPost);
  const { type, template } = post.source;
  if (type !== "template" || typeof template !== "string")
    throw badRequest(
      `Cannot make image: the source type ${JSON.stringify(type)} is not supported. Send a tarball as the body, or {"source": {"type": "template", "template": "busybox"}}.`,
    );
  const { images, operations } = request.context;
  await images.requireTemplate(template);
  for (const alias of post.aliases) images.aliases.requireFree(alias.name);
  return asyncOp(
    operations.start({
      description: "Building image",
      mayCancel: true,
      run: async (operation) => {
        const { fingerprint } = await images.fromTemplate(template, operation);
        for (const alias of post.aliases) images.aliases.create({ ...alias, target: fingerprint, type: "container" });
        images.update(fingerprint, mergedPut(images.get(fingerprint), post));
        tell(request, "image-created", fingerprint);
        return { fingerprint, size: String(images.get(fingerprint).size) };
      },
    }),
  );
}

function patchImage(request: ApiRequest): Promise<Reply> {
  const patch = parseBody(request, patchOf(ImagePutType));
  return change(request, (have) => mergedPut(have, patch));
}

async function change(request: ApiRequest, next: (have: Image) => ImagePut): Promise<Reply> {
  const { images, locks } = request.context;
  const { fingerprint } = images.get(param(request, "fingerprint"));
  await locks.run(`image/${fingerprint}`, async () => {
    const have = images.get(fingerprint);
    checkEtag(ifMatchOf(request), tagged(have));
    images.update(fingerprint, next(have));
  });
  tell(request, "image-updated", fingerprint);
  return sync();
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

function deleteImage(request: ApiRequest): Reply {
  const { images, operations } = request.context;
  const { fingerprint } = images.get(param(request, "fingerprint"));
  return asyncOp(
    operations.start({
      description: "Deleting image",
      resources: { images: [urlOf(fingerprint)] },
      run: async () => {
        await images.delete(fingerprint);
        tell(request, "image-deleted", fingerprint);
      },
    }),
  );
}

function exportImage(request: ApiRequest): Reply {
  const { headers, body } = exported(request.context.images.files(param(request, "fingerprint")));
  return raw(body, headers);
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

function tell(request: ApiRequest, action: string, fingerprint: string): void {
  request.context.events.lifecycle({ action, source: urlOf(fingerprint), requestor: request.requestor });
}
