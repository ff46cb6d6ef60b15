/* What a proxy's operations say. */
#include "verbs/proxy/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "wire/ops.h"
#include "wire/request.h"

/* every listener and address has five words */
enum { ENDPOINT_WORDS = 5 };

void begin_proxy(struct cell *cell, size_t room) {
    struct proxy *proxy = cell->own = request_memory(cell, sizeof *proxy);
    *proxy = (struct proxy){
        .container = EMPTY_CONTAINER, .target = EMPTY_TARGET, .control = EMPTY_CONTROL, .file_mode = 0644, .relay = -1, .peer = -1};
    proxy->listen = request_memory(cell, room / ENDPOINT_WORDS * sizeof *proxy->listen);
    proxy->connect = request_memory(cell, room / ENDPOINT_WORDS * sizeof *proxy->connect);
    cell->container = &proxy->container;
    cell->target = &proxy->target;
    cell->control = &proxy->control;
}

const char *endpoint_name(const struct endpoint *endpoint, char name[ENDPOINT_NAME_MAX]) {
    char text[INET6_ADDRSTRLEN] = "";
    if (endpoint->path != NULL)
        snprintf(name, ENDPOINT_NAME_MAX, "%s", endpoint->path);
    else if (endpoint->type == ENDPOINT_UNIX)
        snprintf(name, ENDPOINT_NAME_MAX, "@%.*s", (int)(endpoint->size - offsetof(struct sockaddr_un, sun_path) - 1),
                 endpoint->address.local.sun_path + 1);
    else if (endpoint->address.any.sa_family == AF_INET)
        snprintf(name, ENDPOINT_NAME_MAX, "%s:%u", inet_ntop(AF_INET, &endpoint->address.four.sin_addr, text, sizeof text),
                 ntohs(endpoint->address.four.sin_port));
    else
        snprintf(name, ENDPOINT_NAME_MAX, "[%s]:%u", inet_ntop(AF_INET6, &endpoint->address.six.sin6_addr, text, sizeof text),
                 ntohs(endpoint->address.six.sin6_port));
    return name;
}

static bool parse_unix(struct endpoint *endpoint, const char *word) {
    struct sockaddr_un *address = &endpoint->address.local;
    size_t length = strlen(word);
    if (*word == '/') {
        /* however long the path is, its last part is what is bound and connected to */
        size_t last = strlen(strrchr(word, '/') + 1);
        endpoint->path = word;
        return last > 0 && last < sizeof address->sun_path && length < PATH_MAX;
    }
    if (*word != '@' || length < 2 || length > sizeof address->sun_path)
        return false;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, word + 1, length - 1);
    endpoint->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static bool parse_inet(struct endpoint *endpoint, const char *word, uint16_t port) {
    struct sockaddr_in *four = &endpoint->address.four;
    struct sockaddr_in6 *six = &endpoint->address.six;
    if (inet_pton(AF_INET, word, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        endpoint->size = sizeof *four;
        return true;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    endpoint->size = sizeof *six;
    return inet_pton(AF_INET6, word, &six->sin6_addr) == 1;
}

static int parse_endpoint(struct cell *cell, struct op *op, struct endpoint *endpoint) {
    static const char *const sides[] = {[SIDE_HOST] = "host", [SIDE_INSTANCE] = "instance"};
    static const char *const types[] = {[ENDPOINT_TCP] = "tcp", [ENDPOINT_UDP] = "udp", [ENDPOINT_UNIX] = "unix"};
    const char *side = op->word[0], *type = op->word[1], *address = op->word[2], *port = op->word[3];
    uint64_t number = 0;
    bool is_good = true;
    *endpoint = (struct endpoint){.side = strcmp(side, sides[SIDE_HOST]) == 0 ? SIDE_HOST : SIDE_INSTANCE, .fd = -1};
    while (endpoint->type < ENDPOINT_UNIX && strcmp(type, types[endpoint->type]) != 0)
        endpoint->type++;
    if (strcmp(side, sides[endpoint->side]) != 0 || strcmp(type, types[endpoint->type]) != 0)
        is_good = false;
    else if (endpoint->type == ENDPOINT_UNIX)
        is_good = *port == '\0' && parse_unix(endpoint, address);
    else
        is_good = parse_number(port, UINT16_MAX, &number) && number > 0 && parse_inet(endpoint, address, (uint16_t)number);
    if (!is_good)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot proxy by \"%.16s %.16s %.128s %.16s\"", side, type, address, port);
    return 0;
}

int take_proxy_listen(struct cell *cell, struct op *op) {
    struct proxy *proxy = proxy_of(cell);
    return parse_endpoint(cell, op, &proxy->listen[proxy->listen_count++]);
}

int take_proxy_connect(struct cell *cell, struct op *op) {
    struct proxy *proxy = proxy_of(cell);
    return parse_endpoint(cell, op, &proxy->connect[proxy->connect_count++]);
}

static int take_ids(struct cell *cell, struct op *op, uint32_t *uid, uint32_t *gid) {
    uint64_t user, group;
    if (!parse_number(op->word[0], UINT32_MAX - 1, &user) || !parse_number(op->word[1], UINT32_MAX - 1, &group))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot use the ids \"%.32s\" and \"%.32s\"", op->word[0], op->word[1]);
    *uid = (uint32_t)user;
    *gid = (uint32_t)group;
    return 0;
}

int take_proxy_file(struct cell *cell, struct op *op) {
    struct proxy *proxy = proxy_of(cell);
    if (!parse_octal(op->word[2], 0777, &proxy->file_mode))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot give a socket the mode \"%.32s\"", op->word[2]);
    return take_ids(cell, op, &proxy->file_uid, &proxy->file_gid);
}

int take_proxy_user(struct cell *cell, struct op *op) {
    struct proxy *proxy = proxy_of(cell);
    return take_ids(cell, op, &proxy->uid, &proxy->gid);
}

int take_proxy_header(struct cell *cell, struct op *op) {
    (void)op;
    proxy_of(cell)->has_header = true;
    return 0;
}
