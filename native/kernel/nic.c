/* See network.h. nic HOSTNAME INNERNAME HWADDR MTU MASTER */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/network.h"
#include "kernel/nic-words.h"
#include "security/command.h"
#include "wire/handshake.h"
#include "wire/ops.h"

enum { NETWORK_WAIT_MS = 60000 };

int take_net(struct cell *cell, struct op *op) {
    cell->network->is_host = strcmp(op->word[0], "host") == 0;
    if (!cell->network->is_host && strcmp(op->word[0], "new") != 0)
        return fail(&cell->status, "net", EINVAL, NULL, "Cannot give the network \"%.64s\": it is host or new", op->word[0]);
    return 0;
}

int take_nic(struct cell *cell, struct op *op) {
    const char *master = op->word[4];
    if (check_nic_words(cell, "nic", op->word[0], op->word[1], op->word[2], op->word[3]) < 0)
        return -1;
    if (*master != '\0' && !is_interface_name(master))
        return fail(&cell->status, "nic", EINVAL, op->word[0], "Cannot use the bridge \"%.32s\"", master);
    return 0;
}

/** One message: both ends, the peer's namespace, the bridge, and the host end up. */
static int make_nic(struct cell *cell, int netlink, int netns, struct op *op) {
    const char *host = op->word[0], *inner = op->word[1], *hwaddr = op->word[2], *mtu = op->word[3], *master = op->word[4];
    struct netlink_message message;
    struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, plain = {0};
    netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
    name_attribute(&message, host);
    uint32_t wanted = mtu_of_word(mtu), host_mtu = wanted;
    if (*master != '\0') {
        uint32_t index = if_nametoindex(master);
        /* a port with another MTU than the bridge's would pull the bridge and all its ports down */
        if (index == 0 || mtu_of(master, &host_mtu) < 0)
            return fail(&cell->status, "nic", errno, master, "Cannot attach the interface \"%s\" to the bridge \"%s\"", host, master);
        netlink_attribute(&message, IFLA_MASTER, &index, sizeof index);
    }
    mtu_attribute(&message, host_mtu);
    size_t info = netlink_begin_nest(&message, IFLA_LINKINFO);
    netlink_attribute(&message, IFLA_INFO_KIND, "veth", sizeof "veth");
    size_t data = netlink_begin_nest(&message, IFLA_INFO_DATA);
    size_t peer = netlink_begin_nest(&message, VETH_INFO_PEER);
    netlink_append(&message, &plain, sizeof plain);
    name_attribute(&message, inner);
    mtu_attribute(&message, wanted != 0 ? wanted : host_mtu);
    netlink_attribute(&message, IFLA_NET_NS_FD, &netns, sizeof netns);
    hwaddr_attribute(&message, hwaddr);
    netlink_end_nest(&message, peer);
    netlink_end_nest(&message, data);
    netlink_end_nest(&message, info);
    if (netlink_request(netlink, &message) < 0)
        return fail(&cell->status, "nic", errno, host, "Cannot make the interface \"%s\"", host);
    op->flags = NIC_MADE;
    return 0;
}

static bool is_nic(const struct op *op) {
    return op->kind->take == take_nic || op->kind->take == take_nic_parent || op->kind->take == take_nic_move;
}

static const char *inner_name(const struct op *op) {
    return op->word[op->kind->take == take_nic_parent ? 2 : 1];
}

static bool is_port(const struct op *op) {
    return op->kind->take == take_nic_port;
}

static bool has_nics(const struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        if (is_nic(&cell->ops[i]) || is_port(&cell->ops[i]))
            return true;
    return false;
}

static int make_one(struct cell *cell, int netlink, int netns, struct op *op) {
    if (op->kind->take == take_nic_parent)
        return make_nic_parent(cell, netlink, netns, op);
    return op->kind->take == take_nic_move ? move_nic(cell, netlink, netns, op) : make_nic(cell, netlink, netns, op);
}

int open_network(pid_t process) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)process);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int make_nics(struct cell *cell, int netns) {
    if (!has_nics(cell))
        return 0;
    cleanup_fd int netlink = netlink_open();
    if (netlink < 0)
        return fail(&cell->status, "nic", errno, NULL, "Cannot open a netlink socket");
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        if ((is_nic(op) && make_one(cell, netlink, netns, op) < 0) || (is_port(op) && set_nic_port(cell, netlink, op) < 0))
            return -1;
    }
    return 0;
}

static void delete_pair(int netlink, const char *name) {
    struct netlink_message message;
    struct ifinfomsg link = {0};
    netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof link);
    name_attribute(&message, name);
    /* it may be gone already, since it dies with the container's network as well */
    (void)netlink_request(netlink, &message);
}

void delete_nics(struct cell *cell, int netns) {
    cleanup_fd int netlink = netlink_open();
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        if (!is_nic(op) || op->flags != NIC_MADE)
            continue;
        if (op->kind->take == take_nic)
            delete_pair(netlink, op->word[0]);
        else if (op->kind->take == take_nic_move)
            undo_nic_move(netns, op);
        else
            undo_nic_inner(netns, op->word[6]);
    }
}

int take_unplug_nic(struct cell *cell, struct op *op) {
    if (!is_interface_name(op->word[0]))
        return fail(&cell->status, "unplug-nic", EINVAL, NULL, "Cannot unplug an interface \"%.32s\": a name has 1 to 15 bytes", op->word[0]);
    return 0;
}

int host_unplug_nic(struct cell *cell, struct op *op) {
    cleanup_fd int netlink = netlink_open();
    struct netlink_message message;
    struct ifinfomsg link = {0};
    netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof link);
    name_attribute(&message, op->word[0]);
    /* one that the guest has deleted from its side is gone as wanted */
    if (netlink < 0 || (netlink_request(netlink, &message) < 0 && errno != ENODEV))
        return fail(&cell->status, "unplug-nic", errno, op->word[0], "Cannot delete the interface");
    return 0;
}

static int set_up(int fd, const char *name) {
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return -1;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

int set_nics_up(struct cell *cell) {
    cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0 || set_up(any, "lo") < 0)
        return fail(&cell->status, "nic", errno, "lo", "Cannot set the interface up");
    for (unsigned i = 0; i < cell->op_count; i++)
        if (is_nic(&cell->ops[i]) && set_up(any, inner_name(&cell->ops[i])) < 0)
            return fail(&cell->status, "nic", errno, inner_name(&cell->ops[i]),
                        errno == EADDRINUSE ? "Cannot set the interface up: its parent has one of that hardware address already" : "Cannot set the interface up");
    return set_nic_addresses(cell);
}

int take_network(struct cell *cell) {
    cell->network->is_ready = true;
    return cell->network->is_host ? 0 : set_nics_up(cell);
}

int wait_for_network(struct cell *cell) {
    if (cell->network->is_ready)
        return 0;
    struct message *message = new_message();
    int result = receive_step(cell->command->peer, message, NETWORK_WAIT_MS);
    bool ready = result == 0 && message->step == STEP_NETWORK;
    free(message);
    if (!ready)
        return fail(&cell->status, "nic", result < 0 ? errno : EPIPE, NULL, "Cannot go on without the supervisor");
    return take_network(cell);
}
