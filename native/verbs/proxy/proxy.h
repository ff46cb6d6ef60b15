/*
 * Verb proxy: connections carried between the host and a container. Three kinds of process:
 *
 *     keeper     host root on the host: binds the control socket and listeners of the host, waits for the container's end or the word `end`, removes files
 *     placer     the container's root in its namespaces, for a moment: binds listeners there and hands them out, or removes their files
 *     relay      nobody, or the user that connections are made as: holds the listeners, connects and moves bytes; dies with the keeper
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kernel/container.h"
#include "kernel/target.h"
#include "wire/control.h"

enum { ENDPOINT_NAME_MAX = 160 };

struct endpoint {
    enum { SIDE_HOST, SIDE_INSTANCE } side;
    enum { ENDPOINT_TCP, ENDPOINT_UDP, ENDPOINT_UNIX } type;
    const char *path; /* of a unix socket in a file system; NULL for any other */
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_un local;
    } address; /* empty with a path */
    socklen_t size;
    int fd;       /* a listener's socket; -1 before */
    bool is_made; /* its socket file is ours */
};

struct proxy {
    struct container container;
    struct target target;
    struct control control;
    struct endpoint *listen, *connect;
    unsigned listen_count, connect_count;
    uint32_t file_uid, file_gid, uid, gid;
    unsigned file_mode;
    bool has_header;
    ino_t control_file; /* the control socket's */
    int relay;     /* pidfd; -1 before */
    pid_t relay_pid;
    int peer; /* the handshake of keeper and relay or placer, either end; -1 before */
};

static inline struct proxy *proxy_of(const struct cell *cell) {
    return cell->own;
}
void begin_proxy(struct cell *cell, size_t room);
/** SOCK_STREAM or SOCK_DGRAM */
static inline int socket_type(const struct endpoint *endpoint) {
    return endpoint->type == ENDPOINT_UDP ? SOCK_DGRAM : SOCK_STREAM;
}
/** What messages call it: "[::1]:80", "/run/sock", "@name". @returns name */
const char *endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_MAX]);

/** Answers `proxying` once every listener is bound, then goes on until the container ends or somebody says so. */
void serve_proxy(struct cell *cell);
