/** Names that are labels of DNS and start with a letter, so that nobody takes one for an address, as LXD has them for parts of networks. */
import * as z from "zod";

/** What is wrong with such a name, in LXD's words. */
const rules: readonly (readonly [isBad: RegExp, message: string])[] = [
  [/^.{64}/, "Name must be 1-63 characters long"],
  [/[^a-zA-Z0-9-]/, "Name can only contain alphanumeric and hyphen characters"],
  [/^[0-9]/, "Name must not start with a number"],
  [/^-/, 'Name must not start with "-" character'],
  [/-$/, 'Name must not end with "-" character'],
];

/** @param reserved characters that mean something else at the start of a word of a rule */
export const labelName = (reserved: string) =>
  z.string().superRefine((name, { addIssue }) => {
    const message = reasonOf(name, reserved);
    if (message !== undefined) addIssue({ code: "custom", message });
  });

function reasonOf(name: string, reserved: string): string | undefined {
  if (name === "") return "Name is required";
  if (reserved.includes(name.charAt(0))) return `Name cannot start with reserved character '${name.charAt(0)}'`;
  return rules.find(([isBad]) => isBad.test(name))?.[1];
}
