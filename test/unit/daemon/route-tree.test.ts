import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf } from "../../../daemon/http/request-path";
import type { Method, Route } from "../../../daemon/http/route";
import { RouteTree } from "../../../daemon/http/route-tree";

const route = (method: Method, path: string): Route => ({
  method,
  path,
  says: {} as Route["says"],
  handle: () => assert.fail(),
});

const tree = new RouteTree([
  route("GET", "/1.0"),
  route("GET", "/1.0/images"),
  route("POST", "/1.0/images"),
  route("GET", "/1.0/images/:fingerprint"),
  route("DELETE", "/1.0/images/:fingerprint"),
  route("GET", "/1.0/images/aliases"),
  route("GET", "/1.0/images/aliases/:name*"),
  route("GET", "/1.0/images/:fingerprint/export"),
  route("PUT", "/1.0/images/:image/secret"),
]);

/** What serves a request, in one line. */
function found(method: string, path: string): string {
  const fit = tree.find(method, partsOf(path));
  if (fit === undefined || fit === "another method") return fit ?? "nothing";
  return [fit.route.path, ...Object.entries(fit.params).map(([name, value]) => `${name}=${value}`)].join(" ");
}

test("a path is found by its words, its parameters and its rest, percent-decoded", () => {
  for (const [path, expected] of Object.entries({
    "/1.0": "/1.0",
    "/1.0/images": "/1.0/images",
    "/1.0/%69mages": "/1.0/images",
    "/1.0/images/ab%20c": "/1.0/images/:fingerprint fingerprint=ab c",
    "/1.0/images/ab%2Fc": "/1.0/images/:fingerprint fingerprint=ab/c",
    "/1.0/images/ab/export": "/1.0/images/:fingerprint/export fingerprint=ab",
    "/1.0/images/aliases/a/b%2Fc": "/1.0/images/aliases/:name* name=a/b/c",
  }))
    assert.equal(found("GET", path), expected, path);
  assert.equal(found("PUT", "/1.0/images/ab/secret"), "/1.0/images/:image/secret image=ab");
});

test("a word comes before a parameter, also where the parameter's route has the method and the word's has not", () => {
  assert.equal(found("GET", "/1.0/images/aliases"), "/1.0/images/aliases");
  assert.equal(found("DELETE", "/1.0/images/aliases"), "another method");
  assert.equal(found("GET", "/1.0/images/aliases/export"), "/1.0/images/aliases/:name* name=export");
  assert.equal(found("PUT", "/1.0/images/aliases/secret"), "another method");
});

test("a path that is shorter, longer, of other words or with a name that nobody has is not found", () => {
  for (const path of ["/", "", "/1.0/", "/1.0/imagess", "/2.0/images", "/1.0/images/ab/export/x", "/1.0/images/ab/"])
    assert.equal(found("GET", path), "nothing", path);
  assert.equal(found("GET", `/1.0/images/${"x".repeat(4096)}`).length, 4096 + 37);
  assert.equal(found("GET", `/1.0/images/${"x".repeat(4097)}`), "nothing");
  assert.equal(found("OPTIONS", "/1.0/images"), "another method");
});

test("a route that is there twice is an error", () => {
  const twice = [route("GET", "/1.0/images/:a"), route("GET", "/1.0/images/:b")];
  assert.throws(() => new RouteTree(twice), /two routes GET \/1\.0\/images\/:b/);
});
