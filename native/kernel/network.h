/* The network of a container that starts. */
#pragma once

#include "wire/cell.h"

struct network {
    bool is_host;  /* it has the host's, and not one of its own */
    bool is_ready; /* C: STEP_NETWORK has come */
};

/** Makes the veth pairs of all nic operations, the peers straight in the network of a process. @returns 0 or -1 */
int make_nics(struct cell *cell, pid_t process);
/** Deletes the host ends that were made, when a start fails. */
void delete_nics(struct cell *cell);
/** By a process in the container's network: sets lo and all nics up, with the addresses that they are given. @returns 0 or -1 */
int set_nics_up(struct cell *cell);
/** By a process in the container's network whose nics are up: the addresses and gateways of all nic-address operations. @returns 0 or -1 */
int set_nic_addresses(struct cell *cell);
/** By the first process: waits until the supervisor has made the nics, once, and sets them and lo up. @returns 0 or -1 */
int wait_for_network(struct cell *cell);
/** The same when the supervisor's word has come already. */
int take_network(struct cell *cell);
