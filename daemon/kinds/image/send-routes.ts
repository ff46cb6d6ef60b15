/** Send routes: an image on its way to another server, by a secret with which that one fetches it, or sent there; and the look for a newer one. */

import * as z from "zod";
import { badRequest, internal, unavailable } from "../../../sdk/api/errors";
import { bothFamilies } from "../../../sdk/api/headers";
import { ImageExportPost } from "../../../sdk/api/image";
import type { Call } from "../../core/call";
import type { Changes } from "../../core/changes";
import { type Ref, ref, urlOf } from "../../core/ref";
import { type ApiRequest, asyncOp, type Reply, type Route, route } from "../../http/route";
import { answers } from "../../http/says";
import { exported } from "./archive/export";
import { isBroken, refusedBy, Web } from "./remote/web";
import type { ImageService } from "./service";

const one = "/1.0/images/:fingerprint";
const mostBytes = 1024 * 1024;

const Started = z.looseObject({
  metadata: z.looseObject({ id: z.uuid(), metadata: z.looseObject({ secret: z.string().default("") }).nullish() }),
});
const Ended = z.looseObject({ metadata: z.looseObject({ status_code: z.number(), err: z.string().default("") }) });

export function sendRoutes(images: ImageService, changes: Changes): Route[] {
  const imageRef = ({ project }: Call, fingerprint: string): Ref => ref("image", fingerprint, images.homeOf(project));
  const imageOf = ({ call, params }: ApiRequest) => images.record(call.project, params.fingerprint ?? "");

  function secret(request: ApiRequest): Reply {
    const { project, fingerprint } = imageOf(request);
    return asyncOp(images.secrets.issue(request.call, { project, fingerprint }));
  }

  function refresh(request: ApiRequest): Reply {
    const { project, fingerprint } = imageOf(request);
    const { call } = request;
    const of = imageRef(call, fingerprint);
    return asyncOp(
      changes.start(call, {
        of: [of],
        // What it fetches has locks of its own.
        unlocked: true,
        operation: { description: "Refreshing image", resources: { images: [urlOf(of)] }, mayCancel: true },
        work: async (operation) => {
          const newer = await images.refresh(call, { project, fingerprint }, operation);
          if (newer !== undefined) changes.tell(call, { action: "image-refreshed", of });
          return { refreshed: newer !== undefined };
        },
      }),
    );
  }

  function send(request: ApiRequest, post: ImageExportPost): Reply {
    const { fingerprint } = imageOf(request);
    const { call } = request;
    const of = imageRef(call, fingerprint);
    if (!post.target.startsWith("https://"))
      throw badRequest(
        `Cannot send an image to "${post.target}": servers of LXD's API are spoken to by HTTPS. Use https://HOST:8443.`,
      );
    return asyncOp(
      changes.start(call, {
        of: [of],
        // A long way should not keep others from the image.
        unlocked: true,
        operation: { description: "Downloading image", resources: { images: [urlOf(of)] }, mayCancel: true },
        work: async ({ signal }) => {
          await sendTo(call, fingerprint, post, signal);
          changes.tell(call, { action: "image-retrieved", of, context: { target: post.target } });
        },
      }),
    );
  }

  async function sendTo(call: Call, fingerprint: string, post: ImageExportPost, signal: AbortSignal): Promise<void> {
    const server = post.target.replace(/\/+$/, "");
    const { headers, body } = exported(images.files(call.project, fingerprint));
    const { filename } = images.get(call.project, fingerprint);
    await using web = new Web(images.serverConfig(), post.certificate);
    const query = post.project === "" ? "" : `?project=${encodeURIComponent(post.project)}`;
    const profiles = new URLSearchParams(
      (post.profiles ?? []).map((name): [string, string] => ["profile", name]),
    ).toString();
    const own = bothFamilies({
      fingerprint,
      secret: post.secret === "" ? undefined : post.secret,
      filename: filename === "" ? undefined : filename,
      profiles: profiles === "" ? undefined : profiles,
    });
    const { "content-disposition": _, etag: __, "accept-ranges": ___, ...kept } = headers;
    const type = kept["content-type"] ?? "application/octet-stream";
    const sent = await web
      .send(`${server}/1.0/images${query}`, {
        method: "POST",
        headers: { ...kept, "content-type": type, ...own },
        body,
        signal,
        answerMs: 0,
      })
      .catch((error: unknown) => {
        if (signal.aborted || !isBroken(error)) throw error;
        throw unavailable(
          `Cannot send image: the server at "${server}" closed the connection before it had all. It may not know the secret, or not any more.`,
          { cause: error },
        );
      });
    const answer = await readText(sent.body, mostBytes);
    if (sent.status !== 202) throw refusedBy(`${server}/1.0/images`, sent.status, answer);
    const { id, metadata } = read(Started, answer, server).metadata;
    const secret = metadata?.secret ? `&secret=${encodeURIComponent(metadata.secret)}` : "";
    const place = `${server}/1.0/operations/${id}/wait?timeout=-1${secret}`;
    const waited = await web.send(place, { signal, answerMs: 0 });
    const end = await readText(waited.body, mostBytes);
    if (waited.status !== 200) throw refusedBy(place, waited.status, end);
    const { status_code: code, err } = read(Ended, end, server).metadata;
    if (code !== 200)
      throw internal(`Cannot send image: the server at "${server}" does not take it: ${err || `code ${code}`}.`);
  }

  return [
    route(
      "POST",
      `${one}/secret`,
      {
        summary: "Gives a secret with which a client without rights may fetch the image once.",
        answer: answers.operationWith("`secret`, for the parameter of that name of `GET` and `export`"),
      },
      secret,
    ),
    route(
      "POST",
      `${one}/export`,
      { summary: "Sends the image to another server.", body: ImageExportPost, answer: answers.operation },
      send,
    ),
    route(
      "POST",
      `${one}/refresh`,
      {
        summary: "Looks whether the alias that the image came from means a newer one by now, and fetches that.",
        answer: answers.operationWith("`refreshed`: whether there was a newer one"),
      },
      refresh,
    ),
  ];
}

async function readText(body: AsyncIterable<Buffer>, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw internal(`Cannot send image: the other server answers with more than ${most} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function read<T extends z.ZodType>(type: T, text: string, server: string): z.output<T> {
  try {
    return type.parse(JSON.parse(text));
  } catch (error) {
    throw internal(`Cannot send image: the server at "${server}" does not answer as LXD's API does.`, { cause: error });
  }
}
