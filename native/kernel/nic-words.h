/* Words and attributes that all operations of interfaces have in common. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/netlink.h"
#include "wire/cell.h"

enum { HWADDR_SIZE = 6, NIC_MADE = 1 };

bool is_interface_name(const char *name);
/** @returns whether the word is the hardware address of an Ethernet interface, such as "00:16:3e:01:02:03" */
bool parse_hwaddr(const char *word, unsigned char hwaddr[HWADDR_SIZE]);
/** Refuses names, hardware address and MTU of an interface; "" stands for none of the latter two. @param host its name on the host, or its parent's @returns 0 or -1 */
int check_nic_words(struct cell *cell, const char *op, const char *host, const char *inner, const char *hwaddr, const char *mtu);
/** Reads the number by which an interface is known inside. @returns false for what is none */
bool parse_inner_index(const char *word, int32_t *index);
void name_attribute(struct netlink_message *message, const char *name);
/** @param mtu 0 leaves it to the kernel */
void mtu_attribute(struct netlink_message *message, uint32_t mtu);
/** @param word "" leaves it to the kernel */
void hwaddr_attribute(struct netlink_message *message, const char *word);
/** @param word "" for none @returns 0 for none */
uint32_t mtu_of_word(const char *word);
/** Of an interface of the caller's network. @returns 0, or -1 with errno */
int mtu_of(const char *name, uint32_t *mtu);
