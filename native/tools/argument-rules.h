/* Rules that look at the arguments of a call, as instructions that stand before a filter: what they do not refuse falls through to it. */
#pragma once

#include "arch.h"

/** Refuses sockets of AF_VSOCK and AF_ALG. @returns 0 or -1 with errno */
int write_socket_rules(const struct arch *arch, int fd);

/** Refuses umount2 by force. libseccomp does so by itself in a filter that allows what it does not name. @returns 0 or -1 with errno */
int write_umount_rules(const struct arch *arch, int fd);
