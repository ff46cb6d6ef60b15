/** The one door to bothy-cell (docs/native-protocol.md). */
export { ProcessWatch } from "./await";
export { BothyCell } from "./bothy-cell";
export { Cell, type Exit, protocolVersion, type RunningCell, type Target } from "./cell";
export type { Op } from "./connection";
export { Console, requireConsole } from "./console";
export { ExecProcess } from "./exec";
export type { GotFile, PutFile } from "./file";
export type { FolderProject } from "./folder-project";
export { GuestGate } from "./guest-gate";
export { type Native, Silent } from "./native";
export type { NetInterface } from "./net-state";
export { type FilePlace, type IdLine, type IdRange, idLines, idmapOps, ownIds, rootOps } from "./words";
