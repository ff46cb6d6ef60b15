/** Contexts: the labels of SELinux that containers have, each with a pair of categories that no other one of this daemon's has. */
import { randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import type { Dirs } from "../../../platform/folders/dirs";
import { categoriesOf, pairCount, parseContext, processContext } from "../../../platform/selinux/context";
import { hostSELinux } from "../../../platform/selinux/labels";
import { selinuxTypes } from "../../../platform/selinux/support";
import { type InstanceId, keyOf } from "../record";
import { notedLabel } from "./label";

/** With which raw.lxc starts a container without a label, as LXC has it. */
const none = "unconfined_t";

export class ContainerContexts {
  /** Ranges by container: of those that run, and of some that ran. */
  #taken: Map<string, string> | undefined;

  constructor(private readonly dirs: Dirs) {}

  /** The label for a start. @param config expanded @returns empty where it has none */
  forStart(instance: InstanceId, config: Config): string {
    const set = instanceConfig(config);
    const { selinuxContext } = parseRawLxc(set.get("raw.lxc"));
    const support = hostSELinux();
    if (selinuxContext !== undefined) {
      const isThere = support.works || support.isOn;
      return isThere && selinuxContext !== none ? selinuxContext : "";
    }
    if (!support.works) return "";
    const type = set.get("security.privileged") ? selinuxTypes.privileged : selinuxTypes.container;
    const key = keyOf(instance);
    const taken = this.#takenByOthers(key);
    for (;;) {
      const context = processContext(support.daemon, type, categoriesOf(randomInt(pairCount)));
      const range = rangeOf(context);
      if (taken.has(range)) continue;
      this.#taken?.set(key, range);
      return context;
    }
  }

  /** Containers go on when a daemon ends, and the next one reads what they have. */
  #takenByOthers(key: string): ReadonlySet<string> {
    this.#taken ??= new Map(this.#folders().map((other) => [other, rangeOf(notedLabel(this.dirs, other, "selinux"))]));
    return new Set([...this.#taken].filter(([other]) => other !== key).map(([, range]) => range));
  }

  #folders(): string[] {
    const all = readdirSync(this.dirs.cells, { withFileTypes: true });
    return all.filter((one) => one.isDirectory()).map(({ name }) => name);
  }
}

const rangeOf = (context: string): string => parseContext(context)?.range ?? "";
