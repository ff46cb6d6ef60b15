/** Keys of what an instance is allowed. */
import { allowedCalls, deniedCalls } from "../syscall-policy";
import { grouped } from "../table";
import { bool, integer } from "../values";

const since = "0.1.0";

export const securityKeys = grouped("security", {
  "security.idmap.base": {
    type: integer(65536, 2 ** 32 - 2),
    unset: "a range that no other container has",
    applies: "next start",
    since,
    extension: "id_map_base",
    example: "1000000",
    doc: "First id of the host that the container has. Nothing looks whether others have the same.",
  },
  "security.idmap.isolated": {
    type: bool,
    default: "true",
    applies: "next start",
    since,
    extension: "id_map",
    example: "true",
    doc: "Whether no other container has the same ids. It is so whatever the value, unless `security.idmap.base` says which they are.",
  },
  "security.idmap.size": {
    type: integer(1, 2 ** 32 - 2),
    default: "65536",
    applies: "next start",
    since,
    extension: "id_map",
    example: "65536",
    doc: "How many ids the container has. More than 65536 need `security.idmap.base`.",
  },
  "security.nesting": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    example: "true",
    doc: "Whether the container can run containers of its own.",
  },
  "security.privileged": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    example: "true",
    doc: "Whether the container runs without a user namespace. Its root is the host's root then, so its programs must be trusted like the host's.",
  },
  "security.protection.delete": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_protection_delete",
    example: "true",
    doc: "Whether a deletion of the container is refused.",
  },
  "security.protection.shift": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_protection_shift",
    example: "true",
    doc: "Whether the owners of the container's files are never changed on disk at a start. It is so whatever the value: roots are mounted through their id map.",
  },
  "security.syscalls.allow": {
    type: allowedCalls,
    unset: "all that are not denied",
    applies: "next start",
    since,
    extension: "container_syscall_filtering_allow_deny_syntax",
    example: "read\nwrite\nexit_group",
    doc: "System calls that the container's programs may make, a name a line; any other kills the process. What is denied to all containers stays so. Not together with `security.syscalls.deny`.",
  },
  "security.syscalls.deny": {
    type: deniedCalls,
    unset: "those that are denied to all containers",
    applies: "next start",
    since,
    extension: "container_syscall_filtering_allow_deny_syntax",
    example: "mkdirat errno 1",
    doc: "System calls that the container's programs may not make besides those that are denied to all: a name a line, then `errno` and the number that it answers, or `kill` or nothing, which kills the process.",
  },
  "security.syscalls.deny_compat": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    extension: "container_syscall_filtering_allow_deny_syntax",
    example: "true",
    doc: "Whether system calls of 32 bits are refused on a host of 64 bits. Programs of 32 bits do not run then.",
  },
});
