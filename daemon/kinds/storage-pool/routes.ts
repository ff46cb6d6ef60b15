/** Routes of storage pools. */
import { patchOf } from "../../../sdk/api/patch";
import { StoragePoolPut, StoragePoolsPost } from "../../../sdk/api/storage-pool";
import { patched } from "../../core/merge";
import { checkEtag } from "../../http/etag";
import {
  type ApiRequest,
  created,
  ifMatchOf,
  param,
  parseBody,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import type { StoragePoolRecord } from "./store";

const urlOf = (name: string) => `/1.0/storage-pools/${encodeURIComponent(name)}`;

/** What the ETag covers: the driver too, as LXD has it. */
const tagged = ({ name, driver, description, config }: StoragePoolsPost) => ({ name, driver, description, config });

const writable = ({ description, config }: StoragePoolRecord) => ({ description, config });

export const storagePoolRoutes: Route[] = [
  route("GET", "/1.0/storage-pools", listStoragePools),
  route("POST", "/1.0/storage-pools", createStoragePool),
  route("GET", "/1.0/storage-pools/:name", getStoragePool),
  route("PUT", "/1.0/storage-pools/:name", updateStoragePool),
  route("PATCH", "/1.0/storage-pools/:name", patchStoragePool),
  route("DELETE", "/1.0/storage-pools/:name", deleteStoragePool),
  route("GET", "/1.0/storage-pools/:name/resources", getStoragePoolResources),
];

function listStoragePools(request: ApiRequest) {
  const pools = request.context.storagePools.list();
  return sync(recursionOf(request) === 0 ? pools.map(({ name }) => urlOf(name)) : pools);
}

async function createStoragePool(request: ApiRequest) {
  const post = parseBody(request, StoragePoolsPost);
  const { locks, storagePools } = request.context;
  await locks.run(`storage-pool/${post.name}`, () => storagePools.create(post));
  tell(request, "storage-pool-created", post.name);
  return created(urlOf(post.name));
}

function getStoragePool(request: ApiRequest) {
  const pool = request.context.storagePools.get(param(request, "name"));
  return sync(pool, tagged(pool));
}

function updateStoragePool(request: ApiRequest) {
  const put = parseBody(request, StoragePoolPut);
  return change(request, () => put);
}

function patchStoragePool(request: ApiRequest) {
  const patch = parseBody(request, patchOf(StoragePoolPut));
  return change(request, (have) => patched(writable(have), patch));
}

async function change(request: ApiRequest, next: (have: StoragePoolRecord) => StoragePoolPut) {
  const name = param(request, "name");
  const { locks, storagePools } = request.context;
  await locks.run(`storage-pool/${name}`, async () => {
    const have = storagePools.record(name);
    checkEtag(ifMatchOf(request), tagged(have));
    storagePools.update(name, next(have));
  });
  tell(request, "storage-pool-updated", name);
  return sync();
}

async function deleteStoragePool(request: ApiRequest) {
  const name = param(request, "name");
  const { locks, storagePools } = request.context;
  await locks.run(`storage-pool/${name}`, () => storagePools.delete(name));
  tell(request, "storage-pool-deleted", name);
  return sync();
}

async function getStoragePoolResources(request: ApiRequest) {
  return sync(await request.context.storagePools.resources(param(request, "name")));
}

function tell(request: ApiRequest, action: string, name: string): void {
  request.context.events.lifecycle({ action, source: urlOf(name), requestor: request.requestor });
}
