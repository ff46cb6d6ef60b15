/**
 * Narrow calls: system calls of 32 bits that do what one of 64 bits does, under other names or behind a call that has several in it (socketcall(2), ipc(2)). What a
 * container is denied is denied in all of these forms: every program of 64 bits can make calls of 32 bits too.
 */

/** What several calls have in one: the number of each is the first argument, of which the kernel reads the bits of the mask. */
export interface PackedCall {
  readonly in: string;
  readonly mask: number;
  readonly numbers: readonly number[];
}

const whole = 0xffff_ffff;
/** The upper half of ipc's first argument is a version. */
const lowerHalf = 0xffff;

/** linux/net.h */
const socketCalls: Readonly<Record<string, readonly number[]>> = {
  socket: [1],
  bind: [2],
  connect: [3],
  listen: [4],
  accept: [5],
  getsockname: [6],
  getpeername: [7],
  socketpair: [8],
  sendto: [9, 11],
  recvfrom: [10, 12],
  shutdown: [13],
  setsockopt: [14],
  getsockopt: [15],
  sendmsg: [16],
  recvmsg: [17],
  accept4: [18],
  recvmmsg: [19],
  sendmmsg: [20],
};

/** linux/ipc.h */
const ipcCalls: Readonly<Record<string, readonly number[]>> = {
  semop: [1],
  semget: [2],
  semctl: [3],
  semtimedop: [4],
  msgsnd: [11],
  msgrcv: [12],
  msgget: [13],
  msgctl: [14],
  shmat: [21],
  shmdt: [22],
  shmget: [23],
  shmctl: [24],
};

/** Names that do not follow from the other one. */
const others: Readonly<Record<string, readonly string[]>> = {
  clock_settime: ["stime"],
  fadvise64: ["fadvise64_64", "arm_fadvise64_64"],
  getdents: ["readdir"],
  getrlimit: ["ugetrlimit"],
  lseek: ["_llseek"],
  mmap: ["mmap2"],
  newfstatat: ["fstatat64"],
  rt_sigaction: ["sigaction", "signal"],
  rt_sigpending: ["sigpending"],
  rt_sigprocmask: ["sigprocmask", "sgetmask", "ssetmask"],
  rt_sigreturn: ["sigreturn"],
  rt_sigsuspend: ["sigsuspend"],
  select: ["_newselect"],
  setpriority: ["nice"],
  settimeofday: ["stime"],
  sync_file_range: ["arm_sync_file_range"],
  umount2: ["umount"],
  uname: ["oldolduname"],
  wait4: ["waitpid"],
};

/** Other names for what a call does, of which those count that are calls of 32 bits alone: wider ids, offsets and times, and what came before. */
export const narrowNames = (name: string): readonly string[] => [
  `${name}32`,
  `${name}64`,
  `${name}_time64`,
  `old${name}`,
  ...(others[name] ?? []),
];

export const packedCalls = (name: string): readonly PackedCall[] => [
  ...(socketCalls[name] === undefined ? [] : [{ in: "socketcall", mask: whole, numbers: socketCalls[name] }]),
  ...(ipcCalls[name] === undefined ? [] : [{ in: "ipc", mask: lowerHalf, numbers: ipcCalls[name] }]),
];
