/*
 * Messages between processes of our own, of which the first process of a container is one until its program begins: that of a start, of an exec, and what
 * hands a listener over at a supervisor's socket "calls". An input is packets: a byte of length, a byte that says how many descriptors go along, the bytes.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/util.h"
#include "fuzz/fuzz.h"
#include "wire/handshake.h"

enum { DESCRIPTORS = 5 };

/** The lowest number that is free: what was left open makes it another. */
static int lowest_free(void) {
    const int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

static bool send_packet(int to, const uint8_t *bytes, size_t size, unsigned descriptors) {
    struct iovec part = {(void *)bytes, size};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptors > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
        for (unsigned i = 0; i < descriptors; i++)
            memcpy(CMSG_DATA(header) + i * sizeof to, &to, sizeof to);
    }
    return sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int ends[2];
    struct message *message = new_message();
    const int before = lowest_free();
    if (handshake_pair(ends) < 0)
        __builtin_trap();
    while (size >= 2) {
        const size_t length = data[0] < size - 2 ? data[0] : size - 2;
        if (!send_packet(ends[1], data + 2, length, data[1] % (DESCRIPTORS + 1)))
            break;
        if (receive_step(ends[0], message, -1) == 0) {
            if (strlen(message->line) >= sizeof message->line)
                __builtin_trap();
            close_owned(&message->fd);
        } else if (message->fd >= 0) {
            __builtin_trap(); /* nobody looks at it then */
        }
        data += 2 + length;
        size -= 2 + length;
    }
    close(ends[0]);
    close(ends[1]);
    free(message);
    if (lowest_free() != before)
        __builtin_trap();
    return 0;
}
