/* Words that stand for numbers of the kernel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* what FLAGS of a mount may say besides mount attributes */
enum {
    FLAG_RECURSIVE = 1 << 24,
    FLAG_OPTIONAL = 1 << 25,
    FLAG_SHIFT = 1 << 26,
    FLAG_FILE = 1 << 27,
    FLAG_DIR = 1 << 28,
    FLAG_UNLOCKED = 1 << 29,
    FLAG_PRIVATE = 1 << 16,
    FLAG_SLAVE = 1 << 17,
    FLAG_SHARED = 1 << 18,
    FLAG_UNBINDABLE = 1 << 19,
    FLAGS_PROPAGATION = FLAG_PRIVATE | FLAG_SLAVE | FLAG_SHARED | FLAG_UNBINDABLE,
    FLAG_CHOSEN = 1 << 20,
    FLAG_UNCHOSEN = 1 << 21,
    FLAG_ATTRIBUTES = 0xff,
};

/** Reads comma separated mount flags, "-" for none. @returns false for a word that is not known */
bool parse_mount_flags(const char *words, unsigned *flags);
/** The RLIMIT_ number of a name such as "nofile". @returns -1 when it is not known */
int rlimit_number(const char *name);
