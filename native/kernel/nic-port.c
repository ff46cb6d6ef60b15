/*
 * See network.h. nic-port HOSTNAME MASTER DROPPED UNTAGGED TAGGED FLAGS: joins the host's end of a pair to a bridge that is to treat it otherwise than other ports.
 * It is down meanwhile, so that nothing passes under other rules.
 */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/network.h"
#include "kernel/nic-words.h"
#include "wire/ops.h"

enum { HOST, MASTER, DROPPED, UNTAGGED, TAGGED, FLAGS, VLAN_MAX = 4094, LIST_MAX = 4096 };

/** @param word "" for none @param vlan 0 for none */
static bool parse_vlan(const char *word, uint16_t *vlan) {
    uint64_t number = 0;
    if (*word != '\0' && (!parse_number(word, VLAN_MAX, &number) || number == 0))
        return false;
    *vlan = (uint16_t)number;
    return true;
}

/** Reads "20" or "20-29". */
static bool parse_range(char *part, uint16_t *first, uint16_t *last) {
    const char *low = next_part(&part, '-');
    const char *high = part != NULL && *part != '\0' ? part : low;
    return low != NULL && parse_vlan(low, first) && parse_vlan(high, last) && *first > 0 && *first <= *last;
}

/** Hands each range of a list to visit. @returns 0, or -1 with errno */
static int each_range(const char *list, int (*visit)(uint16_t first, uint16_t last, void *context), void *context) {
    char text[LIST_MAX];
    size_t length = strlen(list);
    if (length >= sizeof text) {
        errno = E2BIG;
        return -1;
    }
    memcpy(text, list, length + 1);
    char *rest = text;
    while (rest != NULL && *rest != '\0') {
        char *part = next_part(&rest, ',');
        uint16_t first, last;
        if (part == NULL || !parse_range(part, &first, &last)) {
            errno = EINVAL;
            return -1;
        }
        if (visit(first, last, context) < 0)
            return -1;
    }
    return 0;
}

static int accept_range(uint16_t first, uint16_t last, void *context) {
    (void)first, (void)last, (void)context;
    return 0;
}

int take_nic_port(struct cell *cell, struct op *op) {
    uint16_t vlan;
    if (!is_interface_name(op->word[HOST]) || !is_interface_name(op->word[MASTER]) || !parse_vlan(op->word[DROPPED], &vlan) || !parse_vlan(op->word[UNTAGGED], &vlan) ||
        each_range(op->word[TAGGED], accept_range, NULL) < 0 || (strcmp(op->word[FLAGS], "-") != 0 && strcmp(op->word[FLAGS], "isolated") != 0))
        return fail(&cell->status, "nic-port", EINVAL, NULL, "Cannot set the port \"%.32s\": its VLANs are numbers from 1 to 4094, and its flags \"isolated\" or \"-\"", op->word[HOST]);
    return 0;
}

struct port {
    int netlink, index;
};

static int change_vlans(const struct port *port, int type, uint16_t first, uint16_t last, uint16_t flags) {
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_family = AF_BRIDGE, .ifi_index = port->index};
    netlink_begin(&message, type, 0, &link, sizeof link);
    size_t spec = netlink_begin_nest(&message, IFLA_AF_SPEC);
    if (first == last)
        netlink_attribute(&message, IFLA_BRIDGE_VLAN_INFO, &(struct bridge_vlan_info){.flags = flags, .vid = first}, sizeof(struct bridge_vlan_info));
    else {
        netlink_attribute(&message, IFLA_BRIDGE_VLAN_INFO, &(struct bridge_vlan_info){.flags = (uint16_t)(flags | BRIDGE_VLAN_INFO_RANGE_BEGIN), .vid = first},
                          sizeof(struct bridge_vlan_info));
        netlink_attribute(&message, IFLA_BRIDGE_VLAN_INFO, &(struct bridge_vlan_info){.flags = (uint16_t)(flags | BRIDGE_VLAN_INFO_RANGE_END), .vid = last},
                          sizeof(struct bridge_vlan_info));
    }
    netlink_end_nest(&message, spec);
    return netlink_request(port->netlink, &message);
}

static int add_tagged(uint16_t first, uint16_t last, void *context) {
    return change_vlans(context, RTM_SETLINK, first, last, 0);
}

static int isolate(const struct port *port) {
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_family = AF_BRIDGE, .ifi_index = port->index};
    unsigned char on = 1;
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    size_t info = netlink_begin_nest(&message, IFLA_PROTINFO | NLA_F_NESTED);
    netlink_attribute(&message, IFLA_BRPORT_ISOLATED, &on, sizeof on);
    netlink_end_nest(&message, info);
    return netlink_request(port->netlink, &message);
}

/** @param master 0 for a change of flags alone */
static int change_link(const struct port *port, unsigned flags, uint32_t master, uint32_t mtu) {
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = port->index, .ifi_flags = flags, .ifi_change = IFF_UP};
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    mtu_attribute(&message, mtu);
    if (master != 0)
        netlink_attribute(&message, IFLA_MASTER, &master, sizeof master);
    return netlink_request(port->netlink, &message);
}

int set_nic_port(struct cell *cell, int netlink, struct op *op) {
    struct port port = {.netlink = netlink, .index = (int)if_nametoindex(op->word[HOST])};
    uint16_t dropped = 0, untagged = 0;
    (void)parse_vlan(op->word[DROPPED], &dropped);
    (void)parse_vlan(op->word[UNTAGGED], &untagged);
    uint32_t master = if_nametoindex(op->word[MASTER]), mtu;
    /* a port with another MTU than the bridge's would pull the bridge and all its ports down */
    if (port.index == 0 || master == 0 || mtu_of(op->word[MASTER], &mtu) < 0 || change_link(&port, 0, 0, 0) < 0 || change_link(&port, 0, master, mtu) < 0)
        return fail(&cell->status, "nic-port", errno, op->word[MASTER], "Cannot attach the interface \"%s\" to the bridge", op->word[HOST]);
    if ((dropped != 0 && change_vlans(&port, RTM_DELLINK, dropped, dropped, 0) < 0) ||
        (untagged != 0 && change_vlans(&port, RTM_SETLINK, untagged, untagged, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED) < 0) ||
        each_range(op->word[TAGGED], add_tagged, &port) < 0)
        return fail(&cell->status, "nic-port", errno, op->word[HOST], "Cannot give the port its VLANs");
    if (strcmp(op->word[FLAGS], "isolated") == 0 && isolate(&port) < 0)
        return fail(&cell->status, "nic-port", errno, op->word[HOST], "Cannot keep the port from others that are isolated");
    if (change_link(&port, IFF_UP, 0, 0) < 0)
        return fail(&cell->status, "nic-port", errno, op->word[HOST], "Cannot set the interface up");
    return 0;
}
