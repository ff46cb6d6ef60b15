/** User namespace: whether this process is in one below the host's first, and who its ids are outside. */
import { readFileSync, statSync } from "node:fs";

/** PROC_USER_INIT_INO of the kernel's proc_ns.h. */
const firstNamespace = 0xeffffffd;

let answer: boolean | undefined;

/** Such a process may be root, and yet map no mounts, make no device nodes and load no policy (docs/rootless.md). It stays where it is, so it is asked once. */
export function isInUserNamespace(): boolean {
  answer ??= statSync("/proc/self/ns/user").ino !== firstNamespace;
  return answer;
}

/** What an id of ours is one namespace further out; itself where there is none. @param map text in the form of uid_map(5) */
export function outerId(id: number, map = readFileSync("/proc/self/uid_map", "utf8")): number {
  for (const line of map.trim().split("\n")) {
    const [inner = 0, outer = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    if (id >= inner && id < inner + count) return outer + id - inner;
  }
  return id;
}
