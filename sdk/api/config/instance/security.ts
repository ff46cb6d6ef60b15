/** Keys of what an instance is allowed. */
import { grouped } from "../table";
import { bool } from "../values";

const since = "0.1.0";

export const securityKeys = grouped("security", {
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
