/** A native layer that records what it is asked, and answers as the test says. What a test does not answer is an error. */
import type { Native } from "../../daemon/platform/native/index";

export interface Asked {
  readonly call: keyof Native;
  readonly arguments: readonly unknown[];
}

export type FakeNative = Native & { readonly asked: readonly Asked[] };

/** @param answers the calls that the test needs */
export function fakeNative(answers: Partial<Native> = {}): FakeNative {
  const asked: Asked[] = [];
  const answerTo =
    (call: keyof Native) =>
    (...given: unknown[]): unknown => {
      asked.push({ call, arguments: given });
      const answer = answers[call] as ((...given: unknown[]) => unknown) | undefined;
      if (answer === undefined) throw new Error(`The test does not answer bothy-cell's call "${call}".`);
      return answer(...given);
    };
  return {
    asked,
    startContainer: answerTo("startContainer") as Native["startContainer"],
    adopt: answerTo("adopt") as Native["adopt"],
    endGroups: answerTo("endGroups") as Native["endGroups"],
    lastExit: answerTo("lastExit") as Native["lastExit"],
    clear: answerTo("clear") as Native["clear"],
    exec: answerTo("exec") as Native["exec"],
    attachConsole: answerTo("attachConsole") as Native["attachConsole"],
    getFile: answerTo("getFile") as Native["getFile"],
    putFile: answerTo("putFile") as Native["putFile"],
    deleteFile: answerTo("deleteFile") as Native["deleteFile"],
    sftp: answerTo("sftp") as Native["sftp"],
    plug: answerTo("plug") as Native["plug"],
    startProxy: answerTo("startProxy") as Native["startProxy"],
    endProxy: answerTo("endProxy") as Native["endProxy"],
    hasProxy: answerTo("hasProxy") as Native["hasProxy"],
    openGuestGate: answerTo("openGuestGate") as Native["openGuestGate"],
    netState: answerTo("netState") as Native["netState"],
    followNet: answerTo("followNet") as Native["followNet"],
    peerOf: answerTo("peerOf") as Native["peerOf"],
    watch: answerTo("watch") as Native["watch"],
    runWithRoot: answerTo("runWithRoot") as Native["runWithRoot"],
    run: answerTo("run") as Native["run"],
    launch: answerTo("launch") as Native["launch"],
    removeTree: answerTo("removeTree") as Native["removeTree"],
    folderProject: answerTo("folderProject") as Native["folderProject"],
    stop: answerTo("stop") as Native["stop"],
  };
}
