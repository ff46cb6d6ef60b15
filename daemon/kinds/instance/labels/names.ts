/** Names: patterns of AppArmor for every name but some. Its rules know no "all but", and what is denied cannot be allowed by another. */

/** What a pattern of AppArmor takes as its own. */
const special = /[[\]{}*?^\\"]/;

/**
 * @param before pattern that stands before the name @param names those that no pattern fits, and what begins with one of them and a slash; without special characters
 * @param after pattern that stands behind it @param chars more first characters that no pattern fits, as in brackets ("0-9")
 * @returns patterns of which one fits each other name
 */
export function otherNames(before: string, names: readonly string[], after: string, chars = ""): string[] {
  const odd = names.find((name) => special.test(name));
  if (odd !== undefined) throw new Error(`The name ${odd} cannot stand in a pattern of AppArmor.`);
  const firsts = [...new Set(names.filter((name) => name !== "").map((name) => name.slice(0, 1)))];
  // A name that is a part of another one ends here, and is itself not fitted; a slash ends any.
  const plain = firsts.filter((first) => first !== "/" && first !== "-").join("");
  // In front it is no range.
  const dash = firsts.includes("-") ? "-" : "";
  return [
    `${before}[^${dash}/${chars}${plain}]*${after}`,
    ...firsts.flatMap((first) => {
      const longer = names.filter((name) => name.startsWith(first)).map((name) => name.slice(1));
      const whole = before + first;
      const isFitted = first !== "/" && !longer.some((name) => name === "" || name.startsWith("/"));
      return [...(isFitted ? [`${whole}${after}`] : []), ...otherNames(whole, longer, after)];
    }),
  ];
}
