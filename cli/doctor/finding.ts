/** Finding: one thing that the doctor looked at. */

export interface Finding {
  readonly subject: string;
  /** "ok"; "off": a feature is switched off; "missing": no container can be made without it; "unknown": it could not be read. */
  readonly status: "ok" | "off" | "missing" | "unknown";
  /** What was found. */
  readonly found: string;
  /** What that switches on or off. */
  readonly effect: string;
  /** How to mend it; nothing when there is nothing to mend or no way to. */
  readonly remedy?: string;
}

/** Whether a host with these findings can have containers at all. */
export const isUsable = (findings: readonly Finding[]): boolean => findings.every(({ status }) => status !== "missing");
