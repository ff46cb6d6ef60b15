/* See network.h. nic-address INNERNAME ADDRESS PREFIX GATEWAY: for a container that has no DHCP client. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/network.h"
#include "wire/ops.h"

struct place {
    struct in_addr address, gateway;
    uint64_t prefix;
    bool has_gateway;
};

static bool read_place(const struct op *op, struct place *place) {
    place->has_gateway = *op->word[3] != '\0';
    return inet_pton(AF_INET, op->word[1], &place->address) == 1 && parse_number(op->word[2], 32, &place->prefix) &&
           (!place->has_gateway || inet_pton(AF_INET, op->word[3], &place->gateway) == 1);
}

int take_nic_address(struct cell *cell, struct op *op) {
    struct place place;
    if (*op->word[0] == '\0' || strlen(op->word[0]) >= IF_NAMESIZE || !read_place(op, &place))
        return fail(&cell->status, "nic-address", EINVAL, NULL, "Cannot give the interface \"%.32s\" the address \"%.32s/%.8s\"", op->word[0],
                    op->word[1], op->word[2]);
    return 0;
}

static int add_address(int netlink, const struct place *place, unsigned index) {
    struct netlink_message message;
    struct ifaddrmsg body = {.ifa_family = AF_INET, .ifa_prefixlen = (unsigned char)place->prefix, .ifa_index = index};
    netlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    netlink_attribute(&message, IFA_LOCAL, &place->address, sizeof place->address);
    netlink_attribute(&message, IFA_ADDRESS, &place->address, sizeof place->address);
    if (place->prefix < 31) {
        struct in_addr broadcast = {.s_addr = place->address.s_addr | htonl(0xffffffffU >> place->prefix)};
        netlink_attribute(&message, IFA_BROADCAST, &broadcast, sizeof broadcast);
    }
    return netlink_request(netlink, &message);
}

/** The first nic that has a gateway leads out; the others keep theirs for when it is gone. */
static int add_gateway(int netlink, const struct place *place, unsigned index, uint32_t metric) {
    struct netlink_message message;
    struct rtmsg body = {
        .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST};
    netlink_begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    netlink_attribute(&message, RTA_GATEWAY, &place->gateway, sizeof place->gateway);
    netlink_attribute(&message, RTA_OIF, &index, sizeof index);
    netlink_attribute(&message, RTA_PRIORITY, &metric, sizeof metric);
    return netlink_request(netlink, &message);
}

int set_nic_addresses(struct cell *cell) {
    cleanup_fd int netlink = -1;
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        struct place place;
        if (op->kind->take != take_nic_address || !read_place(op, &place))
            continue;
        unsigned index = if_nametoindex(op->word[0]);
        if (netlink < 0)
            netlink = netlink_open();
        if (index == 0 || netlink < 0 || add_address(netlink, &place, index) < 0 ||
            (place.has_gateway && add_gateway(netlink, &place, index, 100 + index) < 0))
            return fail(&cell->status, "nic-address", errno, op->word[0], "Cannot give the interface the address %s/%s", op->word[1], op->word[2]);
    }
    return 0;
}
