/** Dry run: asking a server what it would refuse, where it can say that (extension bothy_dry_run). */
import type { Context } from "./core";

const extension = "bothy_dry_run";

export const hasDryRun = ({ server }: Pick<Context, "server">): boolean => server.api_extensions.includes(extension);
