/* Role bind: puts files and folders of the host in several places at once, for a daemon that has no system calls and for which each program is dear. */
#pragma once

/**
 * `bothy-cell bind [shared] SOURCE PLACE [SOURCE PLACE]...`: mounts each source, without what is mounted below it, on its place, in this order. With `shared` each
 * mount is a peer group of its own (mount_namespaces(7)), not that of its source. What was bound before a failure stays. @returns an exit code
 */
int run_bind(int argc, char **argv);
