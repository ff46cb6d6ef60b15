/** Wait: an operation's end, with its progress shown. */
import { type Operation, type PendingOperation, progressOf } from "../sdk/index";
import type { Output } from "./output";

/** Waits for an operation. @param label such as "Stopping web" @throws ApiError with the operation's own text */
export function waitFor(output: Output, label: string, start: () => Promise<PendingOperation>): Promise<Operation> {
  return output.progress(label, async (tell) => {
    const operation = await start();
    return operation.wait({
      onProgress: (state) => {
        const progress = progressOf(state);
        if (progress !== undefined) tell(progress.text);
      },
    });
  });
}

/** What an operation wants people to know although it succeeded. */
export function warningsOf(operation: Operation): string[] {
  const warnings = operation.metadata?.warnings;
  return Array.isArray(warnings) ? warnings.map(String) : [];
}
