/** OCI runtime: what config.json of an OCI image's bundle says of the command (OCI runtime specification), as umoci writes it. */
import * as z from "zod";
import { refuse } from "./refuse";

/** What an image of OCI runs. */
export interface OciRuntime {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** Further groups of the user, by the image's own /etc/group; absent when there are none. */
  readonly groups?: readonly number[];
  /** What asks the command to end, such as "SIGQUIT"; SIGTERM when absent. */
  readonly stopSignal?: string;
}

const maxWords = 4096;
/** What the kernel takes of one word (MAX_ARG_STRLEN), with its end; and what it leaves of a stack of the usual size for all of them. */
const maxWordBytes = 131_071;
const maxWordsBytes = 1024 * 1024;
/** As many as bothy-cell takes. */
const maxGroups = 64;
const id = z.int().min(0).max(4_294_967_294);
const words = z
  .array(
    z
      .string()
      .refine((word) => !word.includes("\0"), { message: "must not hold a NUL" })
      .refine((word) => Buffer.byteLength(word) <= maxWordBytes, {
        message: `must not have more than ${maxWordBytes} bytes`,
      }),
  )
  .max(maxWords)
  .refine((list) => list.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0) <= maxWordsBytes, {
    message: `must not have more than ${maxWordsBytes} bytes together`,
  })
  .nullish()
  .transform((list) => list ?? []);

const stopSignalKey = "org.opencontainers.image.stopSignal";

const Bundle = z.object({
  ociVersion: z.string(),
  process: z.object({
    user: z
      .object({
        uid: id.default(0),
        gid: id.default(0),
        additionalGids: z
          .array(id)
          .max(maxGroups)
          .nullish()
          .transform((list) => list ?? []),
      })
      .default({ uid: 0, gid: 0, additionalGids: [] }),
    args: words,
    env: words,
    cwd: z
      .string()
      .regex(/^\/[^\0\n]{0,4094}$/, { message: "must be an absolute path" })
      .default("/"),
  }),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** @returns what it runs; nothing for a config.json that is not of OCI @throws ApiError BAD_REQUEST for one that cannot be used */
export function parseRuntime(text: string): OciRuntime | undefined {
  const json = parsed(text);
  if (typeof json !== "object" || json === null || !("ociVersion" in json)) return undefined;
  const result = Bundle.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw refuse(`its config.json is not valid: ${issue?.path.join(".")}: ${issue?.message}`, "Correct it.");
  }
  const { user, args, env, cwd } = result.data.process;
  const { uid, gid } = user;
  const groups = [...new Set(user.additionalGids)].filter((group) => group !== gid);
  const stopSignal = result.data.annotations?.[stopSignalKey];
  return {
    args,
    env: environmentOf(env),
    cwd,
    uid,
    gid,
    ...(groups.length === 0 ? {} : { groups }),
    ...(stopSignal && /^[A-Z0-9+]{1,20}$/.test(stopSignal) ? { stopSignal } : {}),
  };
}

/** The config.json that parseRuntime() reads as this. */
export const runtimeText = ({ args, env, cwd, uid, gid, groups, stopSignal }: OciRuntime): string =>
  JSON.stringify({
    ociVersion: "1.0.0",
    process: {
      terminal: true,
      user: { uid, gid, additionalGids: groups },
      args,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      cwd,
    },
    root: { path: "rootfs" },
    ...(stopSignal === undefined ? {} : { annotations: { [stopSignalKey]: stopSignal } }),
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As a runtime does, what has no name is passed over. umoci's own word for the terminal says nothing of ours. */
function environmentOf(env: readonly string[]): Record<string, string> {
  const pairs = env.map((word): [string, string] => {
    const at = word.indexOf("=");
    return [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter(([name, value]) => name !== "" && !(name === "TERM" && value === "xterm")));
}
