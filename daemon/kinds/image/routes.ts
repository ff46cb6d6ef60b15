/** Routes of images. */
import { Image, ImagePut } from "../../../sdk/api/image";
import { maySee } from "../../core/access";
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
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { allProjects, answers, filter, recursion } from "../../http/says";
import type { Dirs } from "../../platform/folders/dirs";
import { aliasRoutes } from "./alias/routes";
import { exported } from "./archive/export";
import { mergedPut, newImageRoute } from "./new-images";
import type { Publisher } from "./publish";
import { sendRoutes } from "./send-routes";
import type { ImageService } from "./service";

const base = "/1.0/images";
const one = `${base}/:fingerprint`;

const bySecret = { secret: "of `POST /1.0/images/FINGERPRINT/secret`: who knows it needs no trust; it counts once" };

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

  /** The image as one that who calls may have: who has not the project has the public ones, and one that he has a secret for. @throws ApiError NOT_FOUND */
  function seenOf({ call, params, query }: ApiRequest, what: "shows" | "gives"): Image {
    const { fingerprint = "" } = params;
    const secret = query.get("secret") ?? "";
    const image = { project: images.homeOf(call.project), fingerprint };
    const isOpen = maySee(call, call.project) || (secret !== "" && images.secrets[what](image, secret));
    return images.get(call.project, fingerprint, !isOpen);
  }

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
    const image = seenOf(request, "shows");
    return sync(image, tagged(image));
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
    const { fingerprint } = seenOf(request, "gives");
    const { status, headers, body } = exported(images.files(request.call.project, fingerprint), request.headers.range);
    return { type: "raw", status, headers: { "content-type": "application/octet-stream", ...headers }, body };
  }

  /** What everybody may read, as far as images are public. */
  const forAll = needing("untrusted", [
    route(
      "GET",
      base,
      { summary: "Lists images.", query: { ...recursion, ...filter, ...allProjects }, answer: answers.list(Image) },
      list,
    ),
    route("GET", one, { summary: "Shows an image.", query: bySecret, tagged: true, answer: answers.one(Image) }, get),
    route(
      "GET",
      `${one}/export`,
      {
        summary: "Gives the image's files as they were imported.",
        query: bySecret,
        answer: answers.raw("the tarball, or a multipart form of the parts `metadata` and `rootfs`"),
      },
      exportImage,
    ),
  ]);

  return inProjects([
    ...aliasRoutes(images.aliases, changes),
    ...forAll,
    newImageRoute(images, publisher, changes, dirs),
    ...sendRoutes(images, changes),
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
