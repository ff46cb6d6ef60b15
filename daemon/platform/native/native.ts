/** Native: what the daemon asks of the kernel by way of bothy-cell. The one seam at which tests put a fake (test/support/fake-native.ts). */
import type { Duplex, Readable } from "node:stream";
import type { Launched } from "../processes/launcher";
import type { ProcessWatch } from "./await";
import type { Exit, RunningCell, Target } from "./cell";
import type { Op } from "./connection";
import type { Console } from "./console";
import type { ExecProcess } from "./exec";
import type { GotFile, PutFile } from "./file";
import type { FolderProject } from "./folder-project";
import type { GuestGate } from "./guest-gate";
import type { NetInterface } from "./net-state";
import type { RootSource } from "./root-source";
import type { FilePlace, IdRange } from "./words";

/** A supervisor is there and does not answer: somebody has stopped it. */
export class Silent extends Error {}

export interface Native {
  /** Makes a container and waits until its first process runs. @throws ApiError INTERNAL with the failing phase */
  startContainer(ops: readonly Op[]): Promise<RunningCell>;
  /**
   * Finds the supervisor of a container that an earlier daemon started. @param key its name on the host
   * @returns nothing when there is none any more @throws Silent when it does not answer in time; without a limit it is waited for
   */
  adopt(key: string, patienceMs?: number): Promise<RunningCell | undefined>;
  /**
   * Kills what lives in control groups and removes them, those of a container whose supervisor is gone.
   * @param dirs the outer ones first @throws ApiError INTERNAL with errno EBUSY while a process that was killed does not die
   */
  endGroups(dirs: readonly string[]): Promise<void>;
  /** How a container ended while no daemon was there. @returns nothing when nobody wrote it down */
  lastExit(key: string): Exit | undefined;
  /** Removes a container's run files. */
  clear(key: string): void;
  /** Starts a process in a container. @param streams whether it has pipes or a tty */
  exec(target: Target, ops: readonly Op[], streams: "none" | "pipes" | "tty"): Promise<ExecProcess>;
  /** Attaches to a container's console. @param key its name on the host @throws ApiError BAD_REQUEST while somebody else is attached */
  attachConsole(key: string, cell: RunningCell): Promise<Console>;
  getFile(place: FilePlace, innerPath: string): Promise<GotFile>;
  putFile(place: FilePlace, file: PutFile, content: Readable): Promise<void>;
  deleteFile(place: FilePlace, innerPath: string): Promise<void>;
  /**
   * Begins a session of SFTP, version 3: its bytes. It ends with the stream and with the container. One on the root of a stopped instance holds that root
   * until the stream has closed, which it does by itself once it is ended and read to its end.
   */
  sftp(place: FilePlace): Promise<Duplex>;
  /** Puts devices into a running container, or takes them out. @param ops nic, bind, unplug-nic and unbind */
  plug(target: Target, ids: IdRange | undefined, ops: readonly Op[]): Promise<void>;
  /**
   * Starts a proxy, which goes on until the container ends, or endProxy: the daemon's own end does not matter to it. All it listens at is bound when this resolves.
   * @param control absolute path of the socket by which it is found again @param ops name, proxy-listen, proxy-connect, proxy-file, proxy-user and proxy-header
   * @throws ApiError INTERNAL with errno (EADDRINUSE, with the address as path, for one) in its details; nothing is left of it then
   */
  startProxy(target: Target, ids: IdRange | undefined, control: string, ops: readonly Op[]): Promise<void>;
  /**
   * Ends a proxy, whichever daemon started it, and waits until its connections and files are gone; one that is gone already is not an error. After the end of the
   * container too: then it waits for a proxy that is just about to notice. @throws ApiError INTERNAL when it does not answer
   */
  endProxy(control: string): Promise<void>;
  /** Whether a proxy lives whose control socket this is; the file of one that was killed is removed. @throws ApiError INTERNAL when it does not answer */
  hasProxy(control: string): Promise<boolean>;
  /**
   * Listens at a socket for the programs of a container that is about to be there, or is: each call is handed on to the daemon's socket after a line that
   * says the container's name. It is found and ended as a proxy is (hasProxy, endProxy). @param socket absolute @param upstream absolute
   */
  openGuestGate(ids: IdRange | undefined, socket: string, upstream: string, name: string): Promise<GuestGate>;
  netState(target: Target): Promise<NetInterface[]>;
  /** Interfaces of a container, and anew whenever its addresses have changed; it ends with the container. @throws ApiError, or an abort's reason */
  followNet(target: Target, signal: AbortSignal): AsyncGenerator<NetInterface[]>;
  /** Who is at the other end of a unix socket of this process. @param fd its descriptor, which stays open meanwhile @returns the user id @throws ApiError INTERNAL */
  peerOf(fd: number): Promise<number>;
  /** Watches a process of the host. @throws ApiError with the errno ESRCH when it has ended already */
  watch(target: Target): Promise<ProcessWatch>;
  /** Runs a host program while a root is mounted at a folder, for this program only. @throws ApiError INTERNAL when it fails */
  runWithRoot(root: RootSource, at: string, command: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Runs a host program without input; what it prints counts only when it fails. Sooner than the daemon could, whose fork copies far more. @throws ApiError INTERNAL when it fails */
  run(command: readonly string[]): Promise<void>;
  /** Runs a host program to its end, whatever that is, and takes what it prints. @param input what it reads, without NUL @throws ApiError INTERNAL when it cannot be run */
  launch(command: readonly string[], input: string | undefined): Promise<Launched>;
  /** Removes a tree whatever a guest left in it; a missing one is not an error. @param tree absolute @throws ApiError INTERNAL that names what is left */
  removeTree(tree: string): Promise<void>;
  /**
   * Asks for the project of a folder, by which its file system counts and bounds what is in it; a change is made before that.
   * @param folder absolute @param change make: an empty folder gets a free project with so many bytes as limit; limit: of the project that was made, 0 for none
   * @returns nothing when the file system has no project quotas, or they are off @throws ApiError INTERNAL, also for a change where there are none
   */
  folderProject(
    folder: string,
    change?: readonly ["make" | "limit", bytes: number],
  ): Promise<FolderProject | undefined>;
  /** Lets the spawner leave; containers go on. */
  stop(): Promise<void>;
}
