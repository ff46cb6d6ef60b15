/** Networks: their rules, and what nics ask of them. */
import type { NetworkHost } from "./driver";

export interface NetworkService {
  /** @throws ApiError NOT_FOUND "Network not found" */
  get(name: string): { name: string; config: Record<string, string> };
  addHost(network: string, host: NetworkHost): Promise<void>;
  removeHost(network: string, instance: string, device: string): Promise<void>;
}
