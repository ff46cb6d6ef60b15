/** Container base image: what a container was made from, as far as a server tells. An imported one gets that as its image. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { stampPrefix } from "../../../../sdk/api/stamp";
import type { ComputedKeys } from "../../engine/config";
import { importedProperty, isImported, withFilledIn } from "../../engine/imported";
import type { Props } from "../../engine/values";

/** Fills in the fingerprint of the image, marked as a guess: a program may call the image otherwise. */
function withBaseImage(outs: Props, config: Config): Props {
  if (outs.image !== undefined || outs.source !== undefined) return outs;
  const image = instanceConfig(config).get("volatile.base_image");
  return image ? { ...outs, image, [importedProperty]: ["image"] } : outs;
}

/** What only the outputs of an imported container have. @param config the whole of the container's @param computed keys that the server fills in */
export const withImport = (outs: Props, config: Config, computed: ComputedKeys): Props =>
  isImported(outs)
    ? withFilledIn(withBaseImage(outs, config), config, computed, [`${stampPrefix}*`, "volatile.*"])
    : outs;
