/* Messages of rtnetlink, built in a bounded buffer. */
#pragma once

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>

struct netlink_message {
    struct nlmsghdr header;
    char room[2048];
};

/** @returns a route socket, or -1 with errno */
int netlink_open(void);
/** @param groups of those that linux/rtnetlink.h names RTMGRP_ @returns a route socket by which the kernel tells of changes, or -1 with errno */
int netlink_listen(unsigned groups);
void netlink_begin(struct netlink_message *message, int type, int flags, const void *body, size_t size);
/** Appends an attribute; what does not fit makes the message invalid, so that the kernel refuses it. */
void netlink_attribute(struct netlink_message *message, int type, const void *value, size_t size);
/** Begins an attribute that holds others. @returns where it began, for netlink_end_nest */
size_t netlink_begin_nest(struct netlink_message *message, int type);
void netlink_end_nest(struct netlink_message *message, size_t began);
/** Appends a plain header, such as the ifinfomsg that a veth peer begins with. */
void netlink_append(struct netlink_message *message, const void *value, size_t size);
/** Sends the message and waits for its acknowledgement. @returns 0, or -1 with errno */
int netlink_request(int fd, struct netlink_message *message);
/** Sends a dump request and hands each answer to visit. @returns 0, or -1 with errno */
int netlink_dump(int fd, struct netlink_message *message, void (*visit)(const struct nlmsghdr *answer, void *context), void *context);
