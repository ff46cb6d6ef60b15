/* Device rules of control group v2: a program that the kernel asks before a device node is made or opened (docs/kernel.md, Device rules). */
#pragma once

#include "wire/cell.h"

/** Whether such a program can be loaded and attached to a group. Leaves it there. */
bool can_guard_devices(const char *group);
