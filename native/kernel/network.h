/* The network of a container that starts. */
#pragma once

#include "wire/cell.h"

struct network {
    bool is_host;  /* it has the host's, and not one of its own */
    bool is_ready; /* C: STEP_NETWORK has come */
};

/* In a container's folder of run files: what it has of the host's own interfaces, as they were; there from its start. */
#define NICS_FILE "nics"

/** Holds the network of a process. @returns a descriptor, or -1 with errno: ENOENT when it has ended */
int open_network(pid_t process);
/** Makes the interfaces of all nic operations, or moves them, straight into a container's network. @returns 0 or -1 */
int make_nics(struct cell *cell, int netns);
/** Takes back what make_nics() has done, when a request fails. @param netns -1 when there is no such network yet */
void delete_nics(struct cell *cell, int netns);
/** Gives the host its own interfaces back, as they were, from the network of a container that has ended. @param folder of run files @param netns -1 for none */
void give_nics_back(int folder, int netns);
/** By a process in the container's network: sets lo and all nics up, with the addresses that they are given. @returns 0 or -1 */
int set_nics_up(struct cell *cell);
/** By a process in the container's network whose nics are up: the addresses and gateways of all nic-address operations. @returns 0 or -1 */
int set_nic_addresses(struct cell *cell);
/** By the first process: waits until the supervisor has made the nics, once, and sets them and lo up. @returns 0 or -1 */
int wait_for_network(struct cell *cell);
/** The same when the supervisor's word has come already. */
int take_network(struct cell *cell);

/* One operation each, by make_nics() and delete_nics(). */
int make_nic_parent(struct cell *cell, int netlink, int netns, struct op *op);
int move_nic(struct cell *cell, int netlink, int netns, struct op *op);
int set_nic_port(struct cell *cell, int netlink, struct op *op);
void undo_nic_move(int netns, const struct op *op);
/** @param word its number inside */
void undo_nic_inner(int netns, const char *word);
