/** Features: keys of configuration and options of devices that an API extension brought, which not every server has. */
import type * as z from "zod";
import { findRow } from "../../../sdk/api/config/table";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { propertyPath } from "./check";
import { keysOfConfig } from "./inputs";
import type { Feature } from "./needy";
import { isMap, type Props } from "./values";

const entriesOf = (value: unknown): [string, unknown][] => (isMap(value) ? Object.entries(value) : []);

/** @param schema of the kind, by which the keys of its configuration are known @param props inputs, unknowns among them; an empty value sets nothing */
export function featuresIn({ shape }: z.ZodObject, { config, devices }: Props): Feature[] {
  const keys = keysOfConfig(shape.config);
  const ofConfig = entriesOf(config).flatMap(([key, value]) => {
    const extension = value === "" ? undefined : findRow(keys, key)?.extension;
    return extension === undefined ? [] : [{ property: propertyPath(["config", key]), extension }];
  });
  const ofDevices = entriesOf(devices).flatMap(([device, options]) => {
    const known = isMap(options) ? deviceTypes[String(options.type)]?.options : undefined;
    return entriesOf(known === undefined ? {} : options).flatMap(([option, value]) => {
      const extension = value === "" ? undefined : findRow(known ?? {}, option)?.extension;
      return extension === undefined ? [] : [{ property: propertyPath(["devices", device, option]), extension }];
    });
  });
  return [...ofConfig, ...ofDevices];
}

/** The extension that brought images which a server builds by itself. */
const templateExtension = "bothy_templates";

/** @param property the input that names an image @param image what it says */
export const templateFeature = (property: string, image: unknown): Feature[] =>
  typeof image === "string" && image.startsWith("template:") ? [{ property, extension: templateExtension }] : [];
