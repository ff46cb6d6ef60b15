/* Verb plug: devices in and out of a running container. */
#pragma once

#include "wire/cell.h"

/** Serves the request: makes the nics and mounts that it names in the container, or takes them away. */
void serve_plug(struct cell *cell);
