/** Routes of certificates (docs/lxd-api.md, Trust). */
import { Certificate, CertificatePut, CertificatesPost } from "../../../sdk/api/certificate";
import { vouchedFor } from "../../core/access";
import type { Changes } from "../../core/changes";
import { patched } from "../../core/merge";
import { urlOf } from "../../core/ref";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  created,
  ifMatchOf,
  needing,
  ofServer,
  type Reply,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { answers, filter, recursion } from "../../http/says";
import { type CertificateService, certificateRef } from "./service";

const base = "/1.0/certificates";
const one = `${base}/:fingerprint`;

/** All of it: what the ETag covers, and what can be changed. */
const writable = ({ name, type, description, restricted, projects, certificate }: Certificate): CertificatePut =>
  CertificatePut.parse({ name, type, description, restricted, projects, certificate });

export function certificateRoutes(certificates: CertificateService, changes: Changes): Route[] {
  const of = ({ call, params }: ApiRequest) => certificates.get(call, params.fingerprint ?? "");

  function list(request: ApiRequest): Reply {
    const clauses = parseFilter(request.query.get("filter"));
    const found = certificates.list(request.call).filter((certificate) => matches(clauses, certificate));
    const urls = () => found.map(({ fingerprint }) => urlOf(certificateRef(fingerprint)));
    return sync(recursionOf(request) === 0 ? urls() : found);
  }

  function get(request: ApiRequest): Reply {
    const certificate = of(request);
    return sync(certificate, writable(certificate));
  }

  async function add({ call }: ApiRequest, post: CertificatesPost): Promise<Reply> {
    if (post.token) return asyncOp(certificates.issueToken(call, post));
    return created(urlOf(certificateRef(await certificates.add(call, post))));
  }

  async function change(request: ApiRequest, next: (have: CertificatePut) => CertificatePut): Promise<Reply> {
    const { call } = request;
    const { fingerprint } = of(request);
    const have = () => writable(certificates.get(call, fingerprint));
    // A restricted client sees its own alone, and the service lets it change nothing but the certificate itself.
    await changes.run(vouchedFor(call), {
      of: [certificateRef(fingerprint)],
      etag: { ifMatch: ifMatchOf(request), parts: have },
      told: { action: "certificate-updated", of: certificateRef(fingerprint) },
      work: () => certificates.update(call, fingerprint, next(have())),
    });
    return sync();
  }

  async function remove(request: ApiRequest): Promise<Reply> {
    const { call } = request;
    const { fingerprint } = of(request);
    await changes.run(call, {
      of: [certificateRef(fingerprint)],
      told: { action: "certificate-deleted", of: certificateRef(fingerprint) },
      work: () => {
        certificates.get(call, fingerprint);
        certificates.delete(call, fingerprint);
      },
    });
    const isOwn = call.actor?.shown?.fingerprint === fingerprint;
    return { type: "sync", metadata: {}, ...(isOwn ? { headers: { Connection: "close" } } : {}) };
  }

  const forTrusted = needing("authenticated", [
    route(
      "GET",
      base,
      {
        summary: "Lists the certificates of clients that are trusted; to a restricted client its own.",
        query: { ...recursion, ...filter },
        answer: answers.list(Certificate),
      },
      list,
    ),
    route("GET", one, { summary: "Shows a certificate.", tagged: true, answer: answers.one(Certificate) }, get),
    route(
      "PUT",
      one,
      {
        summary:
          "Replaces name, type, description, projects and the certificate itself; a restricted client renews its own.",
        body: CertificatePut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, put) => change(request, () => put),
    ),
    route(
      "PATCH",
      one,
      {
        summary:
          "Changes some of name, type, description, projects and the certificate itself; a restricted client renews its own.",
        patch: CertificatePut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, patch) => change(request, (have) => patched(have, patch)),
    ),
  ]);

  return ofServer([
    ...forTrusted,
    {
      ...route(
        "POST",
        base,
        {
          summary: "Trusts a certificate, or makes a token with which one client adds itself.",
          body: CertificatesPost,
          answer: [
            answers.created,
            {
              ...answers.operationWith(
                "`secret`, `fingerprint`, `addresses` and `request`, of which clients make the token",
              ),
              when: "with `token`",
            },
          ],
        },
        add,
      ),
      access: "untrusted",
    },
    route(
      "DELETE",
      one,
      {
        summary: "Trusts a certificate no more, and ends its connections.",
        answer: answers.nothing,
      },
      remove,
    ),
  ]);
}
