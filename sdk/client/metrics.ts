/** Metrics: what running instances use, for programs that watch. */
import { text as textOf } from "node:stream/consumers";
import type { CallOptions } from "./call-options";
import type { Wire } from "./wire";

export const metricsCalls = (wire: Wire) => ({
  /** Text in the form of OpenMetrics, of the client's project or, when it has none, of all. @throws ApiError FORBIDDEN */
  getMetrics: async (options?: CallOptions): Promise<string> => {
    const response = await wire.send({ method: "GET", path: "/1.0/metrics", signal: options?.signal });
    return textOf(response.body);
  },
});
