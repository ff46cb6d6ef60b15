/** Image volumes: an image unpacked once in each pool that needs it, from which instances are cloned. */

import type { PoolPlace, StorageDriver, Volume } from "./driver";
import { orTell } from "./drivers/volume-folder";
import type { StoragePoolHome } from "./home";
import type { StoragePoolStore } from "./store";

export interface FromImageOptions {
  /** Whether device nodes are unpacked; such an image volume is another one than that without. */
  readonly deviceNodes: boolean;
  readonly warn: (message: string) => void;
  /** Ends the unpacking; who waits for the same image then unpacks it itself. */
  readonly signal?: AbortSignal;
  /** Bytes that the new volume may hold. */
  readonly size?: number | undefined;
}

const withNodes = "-devices";

const volumeOf = (fingerprint: string, deviceNodes: boolean): Volume => ({
  type: "images",
  name: fingerprint + (deviceNodes ? withNodes : ""),
});

/** Whether a folder may be an image volume that we made; another one is not ours to remove. */
export const isImageVolume = (name: string): boolean => /^[0-9a-f]{64}(-devices)?$/.test(name);

/** Fingerprint of the image that an image volume holds. */
export const fingerprintOf = (name: string): string => name.replace(withNodes, "");

export class PoolImages {
  /** Clones under way, by lock key of their image volume. */
  readonly #clones = new Map<string, Set<Promise<void>>>();

  constructor(
    private readonly home: StoragePoolHome,
    private readonly store: StoragePoolStore,
  ) {}

  /**
   * Clones an image into a volume; unpacks the image first when the pool lacks it, once for all who ask.
   * The lock is given back before the clone is done, so that many containers can be made of one image at once.
   */
  async clone(
    driver: StorageDriver,
    place: PoolPlace,
    fingerprint: string,
    volume: Volume,
    options: FromImageOptions,
  ): Promise<void> {
    const image = volumeOf(fingerprint, options.deviceNodes);
    const key = keyOf(place, image);
    const { cloning } = await this.home.locks.run(key, async () => {
      for (const warning of await this.#ensure(driver, place, image, options)) options.warn(warning);
      return { cloning: this.#track(key, driver.clone(place, image, volume, options.size)) };
    });
    await cloning;
  }

  async #ensure(
    driver: StorageDriver,
    place: PoolPlace,
    image: Volume,
    { deviceNodes, signal }: FromImageOptions,
  ): Promise<string[]> {
    const known = this.store.imageWarnings(place.name, image.name);
    if (known !== undefined && (await driver.exists(place, image))) return known;
    const warnings: string[] = [];
    const unpack = (rootPath: string) =>
      this.home.images.unpack(fingerprintOf(image.name), rootPath, {
        deviceNodes,
        warn: (message) => warnings.push(message),
        signal,
      });
    await driver.delete(place, image);
    await driver.create(place, image, unpack);
    this.store.putImage(place.name, image.name, warnings);
    return warnings;
  }

  #track(key: string, cloning: Promise<void>): Promise<void> {
    const clones = this.#clones.get(key) ?? new Set();
    this.#clones.set(key, clones);
    const settled = cloning
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        clones.delete(settled);
        if (clones.size === 0) this.#clones.delete(key);
      });
    clones.add(settled);
    return cloning;
  }

  /** Removes an image's volumes from a pool, after the clones that are under way. */
  async forget(driver: StorageDriver, place: PoolPlace, fingerprint: string): Promise<void> {
    for (const deviceNodes of [false, true]) {
      const image = volumeOf(fingerprint, deviceNodes);
      const key = keyOf(place, image);
      await this.home.locks.run(key, async () => {
        await Promise.all(this.#clones.get(key) ?? []);
        this.store.deleteImage(place.name, image.name);
        await driver.delete(place, image);
      });
    }
  }

  /** Makes a pool that is unavailable now drop an image's volumes when it opens. */
  disown(pool: string, fingerprint: string): void {
    for (const deviceNodes of [false, true]) this.store.deleteImage(pool, volumeOf(fingerprint, deviceNodes).name);
  }

  /** Makes database and disk agree after a crash: a volume counts when both know it. */
  async reconcile(driver: StorageDriver, place: PoolPlace): Promise<void> {
    const onDisk = await driver.list(place, "images");
    const known = this.store.images(place.name);
    for (const name of known)
      if (!onDisk.includes(name)) await orTell(place, name, async () => this.store.deleteImage(place.name, name));
    for (const name of onDisk.filter(isImageVolume))
      if (!known.includes(name)) await orTell(place, name, () => driver.delete(place, { type: "images", name }));
  }
}

const keyOf = (place: PoolPlace, image: Volume) => `storage-pool/${place.name}/image/${image.name}`;
