/** Client: every call of every kind on one object, over one transport. */
import { type Kind, kindWithin } from "../api/kind";
import type { Endpoint } from "./address";
import { backupCalls } from "./backup";
import { certificateCalls } from "./certificate";
import { consoleCalls } from "./console";
import { defaultEndpoint, parseEndpoint } from "./endpoint";
import { eventCalls } from "./event";
import { execCalls } from "./exec";
import { fileCalls } from "./file";
import { imageCalls } from "./image";
import { instanceCalls } from "./instance";
import { instanceMetadataCalls } from "./instance-metadata";
import { type KindCalls, kindCalls } from "./kind";
import { kindsCalls } from "./kinds";
import { metricsCalls } from "./metrics";
import { networkLogCalls } from "./network-log";
import { networkStateCalls } from "./network-state";
import { operationCalls } from "./operation";
import { projectStateCalls } from "./project-state";
import { resourcesCalls } from "./resources";
import { serverCalls } from "./server";
import { snapshotCalls } from "./snapshot";
import { storageBucketKeyCalls } from "./storage-bucket-key";
import { storagePoolResourcesCalls } from "./storage-pool-resources";
import { storageVolumeCalls } from "./storage-volume";
import { storageVolumeBackupCalls } from "./storage-volume-backup";
import { storageVolumeSnapshotCalls } from "./storage-volume-snapshot";
import { warningCalls } from "./warning";
import { type Scope, Wire } from "./wire";

export interface ClientOptions extends Scope {
  /**
   * "unix:///path/to/unix.socket" or the path itself, "https://host:8443", "remote:NAME"; by default what the environment names
   * (defaultEndpoint). Or what parseEndpoint() made of such a text.
   */
  readonly endpoint?: string | Endpoint;
}

const callsOf = (wire: Wire) => ({
  ...kindsCalls(wire),
  ...serverCalls(wire),
  ...resourcesCalls(wire),
  ...metricsCalls(wire),
  ...instanceCalls(wire),
  ...instanceMetadataCalls(wire),
  ...snapshotCalls(wire),
  ...backupCalls(wire),
  ...storageVolumeBackupCalls(wire),
  ...execCalls(wire),
  ...consoleCalls(wire),
  ...fileCalls(wire),
  ...imageCalls(wire),
  ...projectStateCalls(wire),
  ...storageBucketKeyCalls(wire),
  ...storagePoolResourcesCalls(wire),
  ...storageVolumeCalls(wire),
  ...storageVolumeSnapshotCalls(wire),
  ...networkLogCalls(wire),
  ...networkStateCalls(wire),
  ...operationCalls(wire),
  ...eventCalls(wire),
  ...certificateCalls(wire),
  ...warningCalls(wire),
});

class Connection {
  readonly endpoint: Endpoint;
  readonly #wire: Wire;

  constructor({ endpoint, ...scope }: ClientOptions = {}) {
    this.endpoint = typeof endpoint === "string" ? parseEndpoint(endpoint) : (endpoint ?? defaultEndpoint());
    this.#wire = new Wire(this.endpoint, scope);
    Object.assign(this, callsOf(this.#wire));
  }

  /** The calls that every kind has, for what treats all kinds alike. @param parent name of what the objects lie in, where a kind's do */
  of<K extends Kind>(kind: K, parent?: string): KindCalls<K> {
    return kindCalls(this.#wire, kindWithin(kind, parent));
  }

  /** Ends every connection. A client that is not closed does not keep the process alive while it is idle. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

type Calls = ReturnType<typeof callsOf>;

/** A typed client of LXD API 1.0; connects when the first call needs it. */
export interface Client extends Connection, Calls {}
export const Client = Connection as new (options?: ClientOptions) => Client;
