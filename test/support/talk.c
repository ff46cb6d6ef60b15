/*
 * Says a word to an echo and waits for it to come back: talk tcp|udp ADDRESS PORT.
 * Prints "reached", "refused" as soon as somebody says no, or "lost" after two seconds without an answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const int wait_ms = 2000;

static int say(const char *what) {
    puts(what);
    return 0;
}

/* Waits until the socket is ready, or has failed. */
static int awaited(int fd, short events) {
    struct pollfd polled = {.fd = fd, .events = events};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&polled, 1, wait_ms) == 0)
        return ETIMEDOUT;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *to;
    hints.ai_socktype = strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
    if (getaddrinfo(argv[2], argv[3], &hints, &to) != 0)
        return 2;
    int fd = socket(to->ai_family, to->ai_socktype, 0), error = 0;
    char bytes[16];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
        error = errno == EINPROGRESS ? awaited(fd, POLLOUT) : errno;
    if (error == 0 && send(fd, "word", 4, MSG_NOSIGNAL) < 0)
        error = errno;
    if (error == 0)
        error = awaited(fd, POLLIN);
    if (error == 0 && recv(fd, bytes, sizeof bytes, 0) == 4)
        return say("reached");
    return say(error == ETIMEDOUT ? "lost" : "refused");
}
