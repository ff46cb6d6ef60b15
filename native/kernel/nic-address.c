/*
 * See network.h. nic-address INNERNAME ADDRESS PREFIX GATEWAY: an address that an interface has from its beginning. GATEWAY is an address, which need not lie in
 * the subnet; or "dev", when the interface itself leads everywhere; or "".
 */
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
    unsigned char family;
    size_t size; /* of an address */
    unsigned char address[sizeof(struct in6_addr)], gateway[sizeof(struct in6_addr)];
    uint64_t prefix;
    bool has_gateway, is_device; /* a default route; by the interface alone */
};

static bool read_place(const struct op *op, struct place *place) {
    bool is_ipv6 = strchr(op->word[1], ':') != NULL;
    const char *gateway = op->word[3];
    *place = (struct place){.family = is_ipv6 ? AF_INET6 : AF_INET, .size = is_ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr)};
    place->has_gateway = *gateway != '\0';
    place->is_device = strcmp(gateway, "dev") == 0;
    return inet_pton(place->family, op->word[1], place->address) == 1 && parse_number(op->word[2], is_ipv6 ? 128 : 32, &place->prefix) &&
           (!place->has_gateway || place->is_device || inet_pton(place->family, gateway, place->gateway) == 1);
}

int take_nic_address(struct cell *cell, struct op *op) {
    struct place place;
    if (*op->word[0] == '\0' || strlen(op->word[0]) >= IF_NAMESIZE || !read_place(op, &place))
        return fail(&cell->status, "nic-address", EINVAL, NULL, "Cannot give the interface \"%.32s\" the address \"%.46s/%.8s\"", op->word[0],
                    op->word[1], op->word[2]);
    return 0;
}

static void broadcast_attribute(struct netlink_message *message, const struct place *place) {
    if (place->family != AF_INET || place->prefix >= 31)
        return;
    struct in_addr broadcast;
    memcpy(&broadcast, place->address, sizeof broadcast);
    broadcast.s_addr |= htonl(0xffffffffU >> place->prefix);
    netlink_attribute(message, IFA_BROADCAST, &broadcast, sizeof broadcast);
}

/** Whoever gave the address has seen to it that nobody else has it: it counts at once, without asking around (RFC 4862 section 5.4). */
static int add_address(int netlink, const struct place *place, unsigned index) {
    struct netlink_message message;
    struct ifaddrmsg body = {.ifa_family = place->family,
                             .ifa_prefixlen = (unsigned char)place->prefix,
                             .ifa_index = index,
                             .ifa_flags = place->family == AF_INET6 ? IFA_F_NODAD : 0};
    netlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    netlink_attribute(&message, IFA_LOCAL, place->address, place->size);
    netlink_attribute(&message, IFA_ADDRESS, place->address, place->size);
    broadcast_attribute(&message, place);
    return netlink_request(netlink, &message);
}

/** The first nic that has a gateway leads out; the others keep theirs for when it is gone. */
static int add_gateway(int netlink, const struct place *place, unsigned index, uint32_t metric) {
    struct netlink_message message;
    struct rtmsg body = {.rtm_family = place->family,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_scope = place->is_device ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST,
                         .rtm_flags = place->is_device ? 0 : RTNH_F_ONLINK};
    netlink_begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof body);
    if (!place->is_device)
        netlink_attribute(&message, RTA_GATEWAY, place->gateway, place->size);
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
