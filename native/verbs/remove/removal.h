/*
 * Removes a tree that a guest filled. The guest chose every name, so the walk goes by descriptors and never by a path: names are bytes, a
 * tree may be deeper than PATH_MAX or than the number of open files, and what is a folder now may be a symlink a moment later. A mount is
 * never entered. What cannot be removed is told, and the rest removed all the same.
 */
#pragma once

#include <stdint.h>

enum { REMOVAL_TOLD = 10 };

struct removal {
    uint64_t removed, left;
    /* the first that are left: the place below the tree ("." for the tree itself), shortened, and why */
    struct {
        char *path;
        int error;
    } told[REMOVAL_TOLD];
};

/**
 * Removes an entry of a folder with all that is in it; a missing one is not an error.
 * @param name at most NAME_MAX bytes
 * @param conn the walk ends early when somebody speaks or hangs up there
 * @returns 0, or -1 with errno: EAGAIN when the tree moved under the walk or the caller has left
 */
int remove_named(int folder, const char *name, int conn, struct removal *removal);
