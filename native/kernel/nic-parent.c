/* See network.h. nic-parent KIND PARENT INNERNAME HWADDR MTU MODE INDEX: an interface that stands on one of the host, made straight in the container's network. */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/network.h"
#include "kernel/nic-words.h"
#include "wire/ops.h"

enum { KIND, PARENT, INNER, HWADDR, MTU, MODE, INDEX };

static const struct {
    const char *kind, *mode;
    uint32_t number;
} modes[] = {
    {"macvlan", "bridge", MACVLAN_MODE_BRIDGE},
    {"ipvlan", "l2", IPVLAN_MODE_L2},
    {"ipvlan", "l3s", IPVLAN_MODE_L3S},
};

static int find_mode(const char *kind, const char *mode) {
    for (unsigned i = 0; i < COUNT_OF(modes); i++)
        if (strcmp(modes[i].kind, kind) == 0 && strcmp(modes[i].mode, mode) == 0)
            return (int)i;
    return -1;
}

int take_nic_parent(struct cell *cell, struct op *op) {
    int32_t index;
    if (check_nic_words(cell, "nic-parent", op->word[PARENT], op->word[INNER], op->word[HWADDR], op->word[MTU]) < 0)
        return -1;
    if (find_mode(op->word[KIND], op->word[MODE]) < 0)
        return fail(&cell->status, "nic-parent", EINVAL, NULL, "Cannot make an interface of the kind \"%.16s\" and the mode \"%.16s\"", op->word[KIND], op->word[MODE]);
    if (!parse_inner_index(op->word[INDEX], &index))
        return fail(&cell->status, "nic-parent", EINVAL, NULL, "Cannot use \"%.32s\" as the number of an interface", op->word[INDEX]);
    return 0;
}

static void mode_attributes(struct netlink_message *message, int mode) {
    size_t info = netlink_begin_nest(message, IFLA_LINKINFO);
    netlink_attribute(message, IFLA_INFO_KIND, modes[mode].kind, strlen(modes[mode].kind));
    size_t data = netlink_begin_nest(message, IFLA_INFO_DATA);
    if (strcmp(modes[mode].kind, "macvlan") == 0)
        netlink_attribute(message, IFLA_MACVLAN_MODE, &modes[mode].number, sizeof modes[mode].number);
    else {
        uint16_t number = (uint16_t)modes[mode].number;
        netlink_attribute(message, IFLA_IPVLAN_MODE, &number, sizeof number);
    }
    netlink_end_nest(message, data);
    netlink_end_nest(message, info);
}

int make_nic_parent(struct cell *cell, int netlink, int netns, struct op *op) {
    const char *kind = op->word[KIND], *parent = op->word[PARENT];
    uint32_t index = if_nametoindex(parent);
    if (index == 0)
        return fail(&cell->status, "nic-parent", errno, parent, "Cannot find the parent interface");
    struct netlink_message message;
    struct ifinfomsg plain = {0};
    if (!parse_inner_index(op->word[INDEX], &plain.ifi_index))
        return fail(&cell->status, "nic-parent", EINVAL, NULL, "Cannot use the number of the interface");
    netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &plain, sizeof plain);
    name_attribute(&message, op->word[INNER]);
    mtu_attribute(&message, mtu_of_word(op->word[MTU]));
    hwaddr_attribute(&message, op->word[HWADDR]);
    netlink_attribute(&message, IFLA_LINK, &index, sizeof index);
    netlink_attribute(&message, IFLA_NET_NS_FD, &netns, sizeof netns);
    mode_attributes(&message, find_mode(kind, op->word[MODE]));
    if (netlink_request(netlink, &message) < 0) {
        if (errno == EOPNOTSUPP)
            return fail(&cell->status, "nic-parent", EOPNOTSUPP, parent, "Cannot make the interface: this kernel has none of the kind %s. Load its module, or take another nictype", kind);
        if (errno == EBUSY)
            return fail(&cell->status, "nic-parent", EBUSY, parent, "Cannot make the interface: the parent is a port of a bridge, or has interfaces of another kind on it");
        return fail(&cell->status, "nic-parent", errno, parent, "Cannot make an interface of the kind %s on it", kind);
    }
    op->flags = NIC_MADE;
    return 0;
}
