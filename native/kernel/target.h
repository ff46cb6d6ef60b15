/* The running container that a request is about. */
#pragma once

#include "wire/cell.h"

/** Holds the container's first process by pidfd, if the pid still is the process that was meant. @returns 0 or -1 */
int open_target(struct cell *cell);
/**
 * Enters namespaces of the container as its root, in a process that nobody in there may look at; with CLONE_NEWNS cell->root_fd becomes the container's root.
 * @param namespaces without CLONE_NEWUSER, which is among them when the container has a user namespace. @returns 0 or -1
 */
int enter_target(struct cell *cell, int namespaces);
