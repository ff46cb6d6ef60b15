/** The page of error codes, made from sdk/api/errors.ts. */
import { errorCodes } from "../sdk/api/errors";

/** @returns Markdown */
export function errorPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { status, when, remedy }]) => `| ${code} | ${status} | ${when} | ${remedy} |`,
  );
  return `# Errors

Made by \`npm run gen\` from \`sdk/api/errors.ts\`. Every failure of the client, the daemon and the
provider is an \`ApiError\` with one of these codes; its message says what cannot be done, why, and
what to do. Errors of bothy-cell carry phase, operation, errno and path in \`details\`.

| code | HTTP status | when | what to do |
|---|---|---|---|
${rows.join("\n")}
`;
}
