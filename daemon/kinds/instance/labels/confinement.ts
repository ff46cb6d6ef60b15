/** Confinement: the label of a container, profiles of AppArmor or a context of SELinux: made at its start, worn by whatever enters it, and forgotten with the instance (docs/labels.md). */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest, internal } from "../../../../sdk/api/errors";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import type { AppArmorProfiles } from "../../../platform/apparmor/profiles";
import { entries } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import { type InstanceId, type InstanceRecord, keyOf } from "../record";
import { isNarrow } from "../spec/process";
import { seesFamilies } from "../spec/syscalls";
import { fileLabelOps, noteLabel } from "./label";
import { ownProfile, sharedProfile } from "./profile-text";

/** Parsers from this version on take it from their caller what a profile judges. */
const parserOfFeatures = 3;

type Confined = Pick<InstanceRecord, keyof InstanceId | "architecture">;

/** Between the profiles of a label. */
const stacked = "//&";

export const profileName = (profiles: Pick<AppArmorProfiles, "prefix">, instance: InstanceId): string =>
  `${profiles.prefix}-${keyOf(instance)}`;

/** Whether a profile counts for it. @param config expanded */
export const isConfined = ({ appArmor }: Pick<InstanceHome, "appArmor">, config: Config): boolean =>
  appArmor.support.works && !parseRawLxc(instanceConfig(config).get("raw.lxc")).isUnconfined;

/** Whether mounts are judged by the profile: what asks the kernel for them in ways that it does not see must not be there. */
export const guardsMounts = (home: Pick<InstanceHome, "appArmor">, config: Config): boolean =>
  isConfined(home, config) &&
  instanceConfig(config).get("security.privileged") &&
  !instanceConfig(config).get("security.nesting");

/**
 * Notes what a container that is about to start is labelled with, of the security module that this host has.
 * @param config expanded @returns the words for bothy-cell @throws ApiError BAD_REQUEST when the lines of raw.apparmor are the fault
 */
export async function confine(home: InstanceHome, instance: Confined, config: Config): Promise<Op[]> {
  const context = home.contexts.forStart(instance, config);
  return [
    ...noteLabel(home, instance, "selinux", context),
    ...fileLabelOps(context),
    ...(await confineByProfile(home, instance, config)),
  ];
}

/** Has the kernel know the profiles of the container. */
async function confineByProfile(home: InstanceHome, instance: Confined, config: Config): Promise<Op[]> {
  if (!isConfined(home, config)) return noteLabel(home, instance, "apparmor", "");
  const { appArmor } = home;
  const name = profileName(appArmor, instance);
  const set = instanceConfig(config);
  const raw = set.get("raw.apparmor") ?? "";
  const isNesting = set.get("security.nesting");
  const isPrivileged = set.get("security.privileged");
  const parserMajor = await appArmor.majorVersion;
  const hasVsock = (set.get("security.syscalls.permit") ?? []).includes("vsock");
  const judgesNetworks = parserMajor < parserOfFeatures || !seesFamilies(config, isNarrow(instance.architecture));
  const shared = sharedProfile({ isPrivileged, isNesting, judgesNetworks }, parserMajor);
  const own = ownProfile(
    { name, shared: shared.name, isNesting, judgesNetworks: judgesNetworks || speaksOfNetworks(raw), hasVsock, raw },
    parserMajor,
  );
  if (isNesting) appArmor.makeNamespace(name);
  try {
    await appArmor.loadShared(shared.name, shared);
  } catch (error) {
    throw loadError(error, "");
  }
  try {
    await appArmor.load(name, own);
  } catch (error) {
    throw loadError(error, raw);
  }
  return noteLabel(home, instance, "apparmor", [name, shared.name, ...(isNesting ? [`:${name}:`] : [])].join(stacked));
}

/** A profile that does not judge networks would take such rules and do nothing. */
const speaksOfNetworks = (rules: string): boolean => /^(?!\s*#).*\b(network|unix)\b/m.test(rules);

function loadError(error: unknown, raw: string): ApiError {
  const { stderr = "" } = (ApiError.is(error) ? error.details : {}) as { readonly stderr?: string };
  // What it says of the file: the path is nothing to the user.
  const said = stderr
    .replace(/\s+/g, " ")
    .replaceAll(/ in \/\S+/g, "")
    .trim();
  return raw === ""
    ? internal(`Cannot load the AppArmor profile: ${said || (error as Error).message}`, { cause: error })
    : badRequest(`Invalid value for "raw.apparmor": ${said}. Correct its lines: rules as apparmor.d(5) has them.`, {
        cause: error,
      });
}

/** Nothing of the instance may run any more. */
export const forgetProfile = ({ appArmor }: Pick<InstanceHome, "appArmor">, instance: InstanceId): void =>
  appArmor.forget(profileName(appArmor, instance));

/** Takes away what a daemon that died left of instances that are gone. A container that runs keeps its own, whether or not the database knows it. */
export async function sweepProfiles({ appArmor, book, dirs }: InstanceHome): Promise<void> {
  const keys = [...book.store.list().map(keyOf), ...(await entries(dirs.cells))];
  const kept = new Set(keys.map((key) => `${appArmor.prefix}-${key}`));
  appArmor.sweep((name) => kept.has(name));
}
