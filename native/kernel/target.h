/* The running container that a request is about. */
#pragma once

#include "wire/cell.h"

struct target {
    pid_t pid; /* 0 when none is named */
    uint64_t start;
    int fd; /* pidfd; -1 until it is held */
};

#define EMPTY_TARGET {.fd = -1}

/** Holds the container's first process by pidfd, if the pid still is the process that was meant. @returns 0 or -1 */
int open_target(struct cell *cell);
/**
 * Enters namespaces of the container as its root, in a process that nobody in there may look at; with CLONE_NEWNS cell->container->root_fd becomes the container's root.
 * @param namespaces without CLONE_NEWUSER, which is among them when the container has a user namespace. @returns 0 or -1
 */
int enter_target(struct cell *cell, int namespaces);
