/** Route of the metrics (docs/metrics.md). */
import { mayReadMetrics, notAuthorized } from "../../core/access";
import { type ApiRequest, type Route, raw, route } from "../../http/route";
import { answers } from "../../http/says";
import type { MetricsService } from "./service";

export const metricsPath = "/1.0/metrics";

export function metricsRoutes(metrics: MetricsService): Route[] {
  async function get({ call, query }: ApiRequest) {
    const wanted = query.get("project") || undefined;
    const isSeen = (project: string) => !metrics.isGuarded || mayReadMetrics(call, project);
    if (metrics.isGuarded && !mayReadMetrics(call, wanted)) throw notAuthorized();
    const text = await metrics.render((project) => isSeen(project) && (wanted === undefined || wanted === project));
    // As bytes: to the type of a text a charset would be added, which LXD does not send.
    return raw(Buffer.from(text), { "content-type": "text/plain" });
  }

  return [
    {
      // Who asks may be a client for metrics alone, or anybody (core.metrics_authentication).
      access: "untrusted",
      anyProject: true,
      ...route(
        "GET",
        metricsPath,
        {
          summary:
            "Shows what running instances use, as OpenMetrics: to clients of the type `metrics` and to those who see the instances; to everybody with `core.metrics_authentication` off.",
          query: { project: "those of one project; of all when absent" },
          answer: answers.raw("text in the form of OpenMetrics"),
        },
        get,
      ),
    },
  ];
}
