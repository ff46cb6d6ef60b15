/*
 * Either end of a connection, by every type that a proxy knows, for use inside a container and beside it.
 *
 *     talk serve tcp|udp|unix ADDRESS PORT echo|count|peer          goes into the background once it listens
 *     talk serve tcp|udp|unix ADDRESS PORT echo|count|peer stay     says "ready" then instead
 *     talk hear tcp|udp|unix ADDRESS PORT                           sends its input, prints the first that comes
 *     talk ask tcp|udp|unix ADDRESS PORT                            sends its input, then its end, prints the answer; of udp one datagram
 *     talk destroy PORT                                             closes the socket of tcp that listens at 127.0.0.1 there, as only the network's root may
 *
 * echo sends back what comes; count says after the client's end how many bytes have come; peer says whose the other end is.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
} address;
static socklen_t size;
static char bytes[65536];

static int make_socket(char **words) {
    if (strcmp(words[0], "unix") == 0) {
        size_t length = strlen(words[1]);
        address.local.sun_family = AF_UNIX;
        strcpy(address.local.sun_path, words[1]);
        if (*words[1] == '@')
            *address.local.sun_path = '\0';
        size = *words[1] == '@' ? offsetof(struct sockaddr_un, sun_path) + length : sizeof address.local;
    } else if (strchr(words[1], ':') != NULL) {
        address.six.sin6_family = AF_INET6;
        address.six.sin6_port = htons(atoi(words[2]));
        inet_pton(AF_INET6, words[1], &address.six.sin6_addr);
        size = sizeof address.six;
    } else {
        address.four.sin_family = AF_INET;
        address.four.sin_port = htons(atoi(words[2]));
        inet_pton(AF_INET, words[1], &address.four.sin_addr);
        size = sizeof address.four;
    }
    int fd = socket(address.any.sa_family, strcmp(words[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (fd < 0)
        err(1, "socket");
    return fd;
}

static void write_all(int fd, const char *data, ssize_t length) {
    for (ssize_t wrote; length > 0; data += wrote, length -= wrote)
        if ((wrote = write(fd, data, length)) < 0)
            err(1, "write");
}

static void answer(int fd, const char *mode) {
    struct ucred peer;
    socklen_t peer_size = sizeof peer;
    long total = 0;
    if (strcmp(mode, "peer") == 0) {
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size);
        dprintf(fd, "%d:%d\n", (int)peer.uid, (int)peer.gid);
        return;
    }
    for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0; total += got)
        if (strcmp(mode, "echo") == 0)
            write_all(fd, bytes, got);
    if (strcmp(mode, "count") == 0)
        dprintf(fd, "%ld\n", total);
}

static void serve(char **words) {
    int fd = make_socket(words), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address.any, size) < 0)
        err(1, "bind");
    if (strcmp(words[0], "udp") != 0 && listen(fd, strcmp(words[0], "unix") == 0 ? 8 : 1024) < 0)
        err(1, "listen");
    if (words[4] != NULL)
        write_all(1, "ready\n", 6);
    else if (daemon(0, 0) < 0)
        err(1, "daemon");
    signal(SIGCHLD, SIG_IGN);
    while (strcmp(words[0], "udp") == 0) {
        size = sizeof address;
        ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, &address.any, &size);
        if (got >= 0)
            sendto(fd, bytes, got, 0, &address.any, size);
    }
    for (;;) {
        int conn = accept(fd, NULL, NULL);
        if (conn >= 0 && fork() == 0) {
            answer(conn, words[3]);
            exit(0);
        }
        close(conn);
    }
}

static void ask(char **words, int is_patient) {
    int fd = make_socket(words);
    alarm(60);
    if (connect(fd, &address.any, size) < 0)
        err(1, "connect");
    for (ssize_t got; (got = read(0, bytes, sizeof bytes)) > 0;)
        write_all(fd, bytes, got);
    is_patient = is_patient && strcmp(words[0], "udp") != 0;
    if (is_patient)
        shutdown(fd, SHUT_WR);
    ssize_t got;
    do {
        if ((got = read(fd, bytes, sizeof bytes)) < 0)
            err(1, "read");
        write_all(1, bytes, got);
    } while (got > 0 && is_patient);
}

static void destroy(int port) {
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 about;
    } request = {
        {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DESTROY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u, .id = {.idiag_sport = htons(port), .idiag_src = {htonl(INADDR_LOOPBACK)}, .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    send(fd, &request, sizeof request, 0);
    recv(fd, bytes, sizeof bytes, 0);
    int error = -((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)bytes))->error;
    printf("%s\n", error == 0 ? "destroyed" : strerror(error));
}

int main(int argc, char **argv) {
    if ((argc == 6 || argc == 7) && strcmp(argv[1], "serve") == 0)
        serve(argv + 2);
    else if (argc == 5 && strcmp(argv[1], "ask") == 0)
        ask(argv + 2, 1);
    else if (argc == 5 && strcmp(argv[1], "hear") == 0)
        ask(argv + 2, 0);
    else if (argc == 3 && strcmp(argv[1], "destroy") == 0)
        destroy(atoi(argv[2]));
    else
        return 2;
    return 0;
}
