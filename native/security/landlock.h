/* Landlock: a process of ours and what it starts reach no files but those below what is named here, whichever descriptors and mounts they come by (landlock(7)). */
#pragma once

#include <stdint.h>

struct reach {
    int ruleset; /* -1 on a kernel that does not have it: then all of this does nothing */
    uint64_t writes;
};

/* what is bounded besides files */
enum {
    REACH_NO_PORTS = 1,     /* no port of TCP is bound */
    REACH_NO_PROCESSES = 2, /* none outside hears a signal, and no abstract socket is reached */
    REACH_DEVICE_NODES = 4, /* this is allowed: nodes of block devices are made where is written */
};

/** Begins to say what is reached. When anything after it fails, the process is not to go on as if it were bounded. @returns 0, or -1 with errno */
int reach_begin(struct reach *reach, unsigned flags);
/** A file, or a folder with all in it, is read, and its programs run. @returns 0, or -1 with errno */
int reach_to_read(const struct reach *reach, const char *path);
/** The same is read, written, made and removed, and not run. @returns 0, or -1 with errno */
int reach_to_write(const struct reach *reach, const char *path);
/** From here on it holds, for good; sets no_new_privs, which it takes. @returns 0, or -1 with errno */
int reach_end(struct reach *reach);
