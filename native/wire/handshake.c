/* See handshake.h. */
#include "wire/handshake.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/util.h"

struct head {
    int step, number;
};

struct message *new_message(void) {
    struct message *message = malloc(sizeof *message);
    if (message == NULL)
        abort();
    return message;
}

int handshake_pair(int pair[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

pid_t fork_with_handshake(int (*run)(int, void *), void *context, int *peer) {
    int pair[2];
    *peer = -1;
    if (handshake_pair(pair) < 0)
        return -1;
    cleanup_fd int ours = pair[0];
    cleanup_fd int theirs = pair[1];
    pid_t pid = fork();
    if (pid == 0) {
        close(ours);
        _exit(run(theirs, context));
    }
    if (pid > 0)
        *peer = steal_fd(&ours);
    return pid;
}

static int send_message(int peer, struct head *head, const char *line, int fd) {
    struct iovec parts[] = {{head, sizeof *head}, {(void *)line, line != NULL ? strlen(line) : 0}};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = COUNT_OF(parts)};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(peer, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int send_step(int peer, enum step step, int number, int fd) {
    struct head head = {.step = (int)step, .number = number};
    return send_message(peer, &head, NULL, fd);
}

void send_failure(int peer, const struct status *status) {
    struct head head = {.step = STEP_FAILED};
    /* when this fails the receiver sees the closed end instead, and says so */
    (void)send_message(peer, &head, status->error, -1);
}

/** Room for one descriptor has room for two: what is padding here is a number to the kernel. @param first becomes that of the first one; the others are closed */
static void take_descriptors(struct msghdr *header, int *first) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
            if (*first < 0)
                *first = fd;
            else
                close(fd);
        }
    }
}

int receive_step(int peer, struct message *message, int timeout_ms) {
    struct head head = {0};
    struct iovec parts[] = {{&head, sizeof head}, {message->line, sizeof message->line - 1}};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr header = {
        .msg_iov = parts, .msg_iovlen = COUNT_OF(parts), .msg_control = control.room, .msg_controllen = sizeof control.room};
    message->step = 0;
    message->number = 0;
    message->fd = -1;
    if (timeout_ms >= 0) {
        struct pollfd waiting = {.fd = peer, .events = POLLIN};
        int ready = poll(&waiting, 1, timeout_ms);
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            return -1;
    }
    ssize_t got;
    /* a process that ends with a message of ours unread leaves ECONNRESET, once, before the words that it said last */
    do
        got = recvmsg(peer, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got == 0)
        return 0;
    if (got < 0)
        return -1;
    take_descriptors(&header, &message->fd);
    if ((size_t)got < sizeof head) {
        close_now(&message->fd);
        errno = EPROTO;
        return -1;
    }
    message->line[(size_t)got - sizeof head] = '\0';
    message->step = (enum step)head.step;
    message->number = head.number;
    return 0;
}
