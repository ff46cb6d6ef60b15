/** Writes the tables of docs/security.md. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../sdk/host/package";
import { securityPage } from "./security-page";

const file = path.join(packageRoot, "docs", "security.md");
writeFileSync(file, securityPage(readFileSync(file, "utf8")));
