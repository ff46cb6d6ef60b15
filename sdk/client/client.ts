/** Client: every call of every kind on one object, over one transport. */
import { defaultEndpoint, type Endpoint, parseEndpoint } from "./endpoint";
import { eventCalls } from "./event";
import { execCalls } from "./exec";
import { fileCalls } from "./file";
import { imageCalls } from "./image";
import { imageAliasCalls } from "./image-alias";
import { instanceCalls } from "./instance";
import { networkCalls } from "./network";
import { networkStateCalls } from "./network-state";
import { operationCalls } from "./operation";
import { profileCalls } from "./profile";
import { projectCalls } from "./project";
import { projectStateCalls } from "./project-state";
import { resourcesCalls } from "./resources";
import { serverCalls } from "./server";
import { snapshotCalls } from "./snapshot";
import { storagePoolCalls } from "./storage-pool";
import { storagePoolResourcesCalls } from "./storage-pool-resources";
import { warningCalls } from "./warning";
import { Wire } from "./wire";

export interface ClientOptions {
  /** "unix:///path/to/unix.socket" or the path itself; by default what the environment names (defaultEndpoint). */
  readonly endpoint?: string;
  /** Project that all calls work in; "default" when absent. */
  readonly project?: string;
}

const callsOf = (wire: Wire) => ({
  ...serverCalls(wire),
  ...resourcesCalls(wire),
  ...instanceCalls(wire),
  ...snapshotCalls(wire),
  ...execCalls(wire),
  ...fileCalls(wire),
  ...imageCalls(wire),
  ...imageAliasCalls(wire),
  ...profileCalls(wire),
  ...projectCalls(wire),
  ...projectStateCalls(wire),
  ...storagePoolCalls(wire),
  ...storagePoolResourcesCalls(wire),
  ...networkCalls(wire),
  ...networkStateCalls(wire),
  ...operationCalls(wire),
  ...eventCalls(wire),
  ...warningCalls(wire),
});

class Connection {
  readonly endpoint: Endpoint;
  readonly #wire: Wire;

  constructor({ endpoint, project }: ClientOptions = {}) {
    this.endpoint = endpoint === undefined ? defaultEndpoint() : parseEndpoint(endpoint);
    this.#wire = new Wire(this.endpoint, project);
    Object.assign(this, callsOf(this.#wire));
  }

  /** Ends every connection. A client that is not closed does not keep the process alive while it is idle. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A typed client of LXD API 1.0; connects when the first call needs it. */
export type Client = Connection & ReturnType<typeof callsOf>;
export const Client = Connection as new (options?: ClientOptions) => Client;
