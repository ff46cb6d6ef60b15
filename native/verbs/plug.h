/* Verb plug: devices in and out of a running container. */
#pragma once

#include "kernel/cgroup.h"
#include "kernel/container.h"
#include "kernel/target.h"

struct plug_request {
    struct container container;
    struct target target;
    struct groups groups; /* of which only the device rules are said */
    int netns; /* the container's network */
};

void begin_plug(struct cell *cell, size_t room);
/** Serves the request: makes the nics and mounts that it names in the container, or takes them away. */
void serve_plug(struct cell *cell);
