/* See netlink.h. */
#include "kernel/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"

enum { DUMP_BUFFER = 32 * 1024 };

int netlink_open(void) {
    cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    /* connected to the kernel, so that nobody else's messages arrive */
    if (fd < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        return -1;
    return steal_fd(&fd);
}

int netlink_listen(unsigned groups) {
    cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0)
        return -1;
    return steal_fd(&fd);
}

void netlink_append(struct netlink_message *message, const void *value, size_t size) {
    size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
    if (at + NLMSG_ALIGN(size) > sizeof *message) {
        message->header.nlmsg_type = NLMSG_MIN_TYPE - 1;
        return;
    }
    memcpy((char *)message + at, value, size);
    message->header.nlmsg_len = (uint32_t)(at + size);
}

void netlink_begin(struct netlink_message *message, int type, int flags, const void *body, size_t size) {
    memset(message, 0, sizeof *message);
    message->header.nlmsg_len = NLMSG_HDRLEN;
    message->header.nlmsg_type = (uint16_t)type;
    message->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->header.nlmsg_seq = 1;
    netlink_append(message, body, size);
}

void netlink_attribute(struct netlink_message *message, int type, const void *value, size_t size) {
    struct rtattr attribute = {.rta_type = (unsigned short)type, .rta_len = (unsigned short)RTA_LENGTH(size)};
    netlink_append(message, &attribute, sizeof attribute);
    if (size > 0)
        netlink_append(message, value, size);
}

size_t netlink_begin_nest(struct netlink_message *message, int type) {
    size_t began = NLMSG_ALIGN(message->header.nlmsg_len);
    netlink_attribute(message, type, NULL, 0);
    return began;
}

void netlink_end_nest(struct netlink_message *message, size_t began) {
    struct rtattr attribute;
    memcpy(&attribute, (char *)message + began, sizeof attribute);
    attribute.rta_len = (unsigned short)(message->header.nlmsg_len - began);
    memcpy((char *)message + began, &attribute, sizeof attribute);
}

int netlink_request(int fd, struct netlink_message *message) {
    message->header.nlmsg_flags |= NLM_F_ACK;
    if (send(fd, message, message->header.nlmsg_len, 0) < 0)
        return -1;
    struct netlink_message answer;
    ssize_t got = recv(fd, &answer, sizeof answer, 0);
    if (got < 0)
        return -1;
    if ((size_t)got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer.header.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    const struct nlmsgerr *result = NLMSG_DATA(&answer.header);
    errno = -result->error;
    return result->error == 0 ? 0 : -1;
}

int netlink_dump(int fd, struct netlink_message *message, void (*visit)(const struct nlmsghdr *, void *), void *context) {
    message->header.nlmsg_flags |= NLM_F_DUMP;
    if (send(fd, message, message->header.nlmsg_len, 0) < 0)
        return -1;
    cleanup_free char *buffer = must_alloc(DUMP_BUFFER);
    for (;;) {
        ssize_t got = recv(fd, buffer, DUMP_BUFFER, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        unsigned left = (unsigned)got;
        for (const struct nlmsghdr *part = (const void *)buffer; NLMSG_OK(part, left); part = NLMSG_NEXT(part, left)) {
            if (part->nlmsg_type == NLMSG_DONE)
                return 0;
            if (part->nlmsg_type == NLMSG_ERROR) {
                errno = -((const struct nlmsgerr *)NLMSG_DATA(part))->error;
                return -1;
            }
            visit(part, context);
        }
    }
}
