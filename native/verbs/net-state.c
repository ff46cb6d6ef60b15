/* See net-state.h. */
#include "verbs/net-state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/netlink.h"
#include "kernel/target.h"
#include "wire/ops.h"
#include "wire/request.h"

enum { INTERFACES_MAX = 4096, ADDRESSES_MAX = 16384, FIRST_PAUSE_US = 1000, LONGEST_PAUSE_US = 256000 };

/* The id map that is said is for callers who say the same to every verb: nobody's files are touched. */
struct net_state_request {
    struct container container;
    struct target target;
    bool follows; /* tells again what changes */
};

void begin_net_state(struct cell *cell, size_t room) {
    (void)room;
    struct net_state_request *request = cell->own = request_memory(cell, sizeof *request);
    *request = (struct net_state_request){.container = EMPTY_CONTAINER, .target = EMPTY_TARGET};
    cell->container = &request->container;
    cell->target = &request->target;
}

int take_follow(struct cell *cell, struct op *op) {
    (void)op;
    ((struct net_state_request *)cell->own)->follows = true;
    return 0;
}

struct interface {
    int index;
    unsigned flags, mtu, peer;
    char name[IF_NAMESIZE];
    unsigned char hwaddr[32];
    size_t hwaddr_size;
    struct rtnl_link_stats64 counters;
};

struct address {
    int index;
    unsigned char family, prefix, scope;
    unsigned char bytes[16];
};

struct net_state {
    struct interface *interfaces;
    size_t interface_count;
    struct address *addresses;
    size_t address_count;
};

static void copy_value(void *to, size_t room, const struct rtattr *attribute) {
    size_t size = RTA_PAYLOAD(attribute);
    memcpy(to, RTA_DATA(attribute), size < room ? size : room);
}

static void *grow(void *list, size_t count, size_t size) {
    void *grown = realloc(list, (count + 1) * size);
    if (grown == NULL)
        abort();
    return memset((char *)grown + count * size, 0, size), grown;
}

static void visit_link(const struct nlmsghdr *answer, void *context) {
    struct net_state *state = context;
    if (answer->nlmsg_type != RTM_NEWLINK || state->interface_count == INTERFACES_MAX)
        return;
    state->interfaces = grow(state->interfaces, state->interface_count, sizeof *state->interfaces);
    struct interface *interface = &state->interfaces[state->interface_count++];
    const struct ifinfomsg *link = NLMSG_DATA(answer);
    interface->index = link->ifi_index;
    interface->flags = link->ifi_flags;
    unsigned left = (unsigned)IFLA_PAYLOAD(answer);
    for (const struct rtattr *at = IFLA_RTA(link); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        switch (at->rta_type) {
        case IFLA_IFNAME:
            copy_value(interface->name, sizeof interface->name - 1, at);
            break;
        case IFLA_MTU:
            copy_value(&interface->mtu, sizeof interface->mtu, at);
            break;
        case IFLA_LINK:
            copy_value(&interface->peer, sizeof interface->peer, at);
            break;
        case IFLA_ADDRESS:
            copy_value(interface->hwaddr, sizeof interface->hwaddr, at);
            interface->hwaddr_size = RTA_PAYLOAD(at) < sizeof interface->hwaddr ? RTA_PAYLOAD(at) : sizeof interface->hwaddr;
            break;
        case IFLA_STATS64:
            copy_value(&interface->counters, sizeof interface->counters, at);
            break;
        }
    }
}

static void visit_address(const struct nlmsghdr *answer, void *context) {
    struct net_state *state = context;
    const struct ifaddrmsg *about = NLMSG_DATA(answer);
    if (answer->nlmsg_type != RTM_NEWADDR || state->address_count == ADDRESSES_MAX || (about->ifa_family != AF_INET && about->ifa_family != AF_INET6))
        return;
    state->addresses = grow(state->addresses, state->address_count, sizeof *state->addresses);
    struct address *address = &state->addresses[state->address_count++];
    *address = (struct address){.index = (int)about->ifa_index, .family = about->ifa_family, .prefix = about->ifa_prefixlen, .scope = about->ifa_scope};
    unsigned left = (unsigned)IFA_PAYLOAD(answer);
    bool has_local = false;
    for (const struct rtattr *at = IFA_RTA(about); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        /* on a point-to-point link IFA_ADDRESS is the other side's */
        if (at->rta_type == IFA_LOCAL || (at->rta_type == IFA_ADDRESS && !has_local))
            copy_value(address->bytes, sizeof address->bytes, at);
        has_local = has_local || at->rta_type == IFA_LOCAL;
    }
}

static void add_address(struct json *json, const struct address *address) {
    static const struct {
        unsigned char scope;
        const char *name;
    } scopes[] = {{RT_SCOPE_UNIVERSE, "global"}, {RT_SCOPE_SITE, "site"}, {RT_SCOPE_LINK, "link"}, {RT_SCOPE_HOST, "local"}};
    char text[INET6_ADDRSTRLEN], prefix[8];
    const char *scope = "global";
    for (size_t i = 0; i < COUNT_OF(scopes); i++)
        if (scopes[i].scope == address->scope)
            scope = scopes[i].name;
    inet_ntop(address->family, address->bytes, text, sizeof text);
    snprintf(prefix, sizeof prefix, "%u", address->prefix);
    json_raw(json, json->last == '[' ? "{" : ",{");
    json_string_field(json, "family", address->family == AF_INET ? "inet" : "inet6");
    json_string_field(json, "address", text);
    json_string_field(json, "netmask", prefix);
    json_string_field(json, "scope", scope);
    json_raw(json, "}");
}

static void add_counters(struct json *json, const struct rtnl_link_stats64 *counters) {
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {
        {"bytesReceived", counters->rx_bytes},
        {"bytesSent", counters->tx_bytes},
        {"packetsReceived", counters->rx_packets},
        {"packetsSent", counters->tx_packets},
        {"errorsReceived", counters->rx_errors},
        {"errorsSent", counters->tx_errors},
        {"packetsDroppedInbound", counters->rx_dropped},
        {"packetsDroppedOutbound", counters->tx_dropped},
    };
    json_key(json, "counters");
    json_raw(json, "{");
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        json_number_field(json, fields[i].name, fields[i].value);
    json_raw(json, "}");
}

static void add_interface(struct json *json, const struct net_state *state, const struct interface *interface) {
    char hwaddr[3 * sizeof interface->hwaddr + 1] = "";
    for (size_t i = 0; i < interface->hwaddr_size; i++)
        snprintf(hwaddr + (i > 0 ? 3 * i - 1 : 0), 4, i > 0 ? ":%02x" : "%02x", interface->hwaddr[i]);
    json_raw(json, json->last == '[' ? "{" : ",{");
    json_string_field(json, "name", interface->name);
    json_string_field(json, "hwaddr", (interface->flags & IFF_LOOPBACK) != 0 ? "" : hwaddr);
    json_number_field(json, "mtu", interface->mtu);
    json_bool_field(json, "up", (interface->flags & IFF_UP) != 0);
    json_string_field(json, "type", (interface->flags & IFF_LOOPBACK) != 0      ? "loopback"
                                    : (interface->flags & IFF_POINTOPOINT) != 0 ? "point-to-point"
                                                                                : "broadcast");
    if (interface->peer != 0)
        json_number_field(json, "peerIndex", interface->peer);
    json_key(json, "addresses");
    json_raw(json, "[");
    for (size_t i = 0; i < state->address_count; i++)
        if (state->addresses[i].index == interface->index)
            add_address(json, &state->addresses[i]);
    json_raw(json, "]");
    add_counters(json, &interface->counters);
    json_raw(json, "}");
}

static int enter(struct cell *cell) {
    if (open_target(cell) < 0)
        return -1;
    if (setns(cell->target->fd, CLONE_NEWNET) < 0)
        return fail(&cell->status, "target", errno, NULL, "Cannot enter the container's network");
    return 0;
}

static int dump(struct cell *cell, struct net_state *state) {
    cleanup_fd int netlink = netlink_open();
    struct netlink_message message;
    struct ifinfomsg any_link = {0};
    struct ifaddrmsg any_address = {0};
    if (netlink < 0)
        return fail(&cell->status, "net-state", errno, NULL, "Cannot open a netlink socket");
    netlink_begin(&message, RTM_GETLINK, 0, &any_link, sizeof any_link);
    if (netlink_dump(netlink, &message, visit_link, state) < 0)
        return fail(&cell->status, "net-state", errno, NULL, "Cannot list the interfaces");
    netlink_begin(&message, RTM_GETADDR, 0, &any_address, sizeof any_address);
    if (netlink_dump(netlink, &message, visit_address, state) < 0)
        return fail(&cell->status, "net-state", errno, NULL, "Cannot list the addresses");
    return 0;
}

/** Looks, and tells what it sees. @returns 0, or -1 when the caller has an error instead or has left */
static int tell(struct cell *cell) {
    struct net_state state = {0};
    int result = dump(cell, &state);
    if (result < 0)
        answer_error(&cell->status, cell->conn);
    else {
        struct json json = {.fd = cell->conn};
        json_raw(&json, "{\"interfaces\":[");
        for (size_t i = 0; i < state.interface_count; i++)
            add_interface(&json, &state, &state.interfaces[i]);
        json_raw(&json, "]}");
        result = json_finish(&json);
    }
    free(state.interfaces);
    free(state.addresses);
    return result;
}

enum { CHANGES, PROCESS, CALLER, POLLED };

/** Sleeps until addresses have changed. @returns false when the container has ended or the caller has left */
static bool wait_for_change(const struct cell *cell, int changes) {
    struct pollfd polled[POLLED] = {[CHANGES] = {.fd = changes, .events = POLLIN},
                                    [PROCESS] = {.fd = cell->target->fd, .events = POLLIN},
                                    [CALLER] = {.fd = cell->conn, .events = POLLIN}};
    for (;;) {
        char bytes[4096];
        if (poll(polled, POLLED, -1) < 0)
            continue;
        if (polled[PROCESS].revents != 0 || (polled[CALLER].revents != 0 && read(cell->conn, bytes, 1) <= 0))
            return false;
        if (polled[CHANGES].revents == 0)
            continue;
        /* what does not fit any more is told by ENOBUFS: a change as well */
        while (recv(changes, bytes, sizeof bytes, MSG_DONTWAIT) > 0 || errno == ENOBUFS)
            errno = 0;
        return true;
    }
}

static void follow(struct cell *cell, int changes) {
    set_title("bothy net-state", "");
    /* a guest that changes addresses all the time must cost the host little */
    for (int pause_us = FIRST_PAUSE_US; tell(cell) == 0; pause_us = pause_us < LONGEST_PAUSE_US ? pause_us * 2 : pause_us) {
        if (!wait_for_change(cell, changes))
            return;
        usleep((useconds_t)pause_us);
    }
}

void serve_net_state(struct cell *cell) {
    cell->status.phase = "network";
    if (enter(cell) < 0) {
        answer_error(&cell->status, cell->conn);
        return;
    }
    if (!((struct net_state_request *)cell->own)->follows) {
        tell(cell);
        return;
    }
    /* before the first look, so that nothing falls between */
    cleanup_fd int changes = netlink_listen(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (changes < 0) {
        fail(&cell->status, "net-state", errno, NULL, "Cannot listen to changes of addresses");
        answer_error(&cell->status, cell->conn);
    } else
        follow(cell, changes);
}
