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
#include "security/command.h"
#include "wire/handshake.h"
#include "wire/ops.h"

enum { HWADDR_SIZE = 6, MADE = 1, NETWORK_WAIT_MS = 60000 };

static bool is_interface_name(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length < IF_NAMESIZE && strpbrk(name, "/ \t\n") == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool parse_hwaddr(const char *word, unsigned char hwaddr[HWADDR_SIZE]) {
    for (int i = 0; i < HWADDR_SIZE; i++) {
        char *end;
        unsigned long part = strtoul(word, &end, 16);
        if (end != word + 2 || part > 0xff || *end != (i < HWADDR_SIZE - 1 ? ':' : '\0'))
            return false;
        hwaddr[i] = (unsigned char)part;
        word = end + 1;
    }
    return true;
}

int take_net(struct cell *cell, struct op *op) {
    cell->network->is_host = strcmp(op->word[0], "host") == 0;
    if (!cell->network->is_host && strcmp(op->word[0], "new") != 0)
        return fail(&cell->status, "net", EINVAL, NULL, "Cannot give the network \"%.64s\": it is host or new", op->word[0]);
    return 0;
}

int take_nic(struct cell *cell, struct op *op) {
    const char *host = op->word[0], *inner = op->word[1], *hwaddr = op->word[2], *mtu = op->word[3], *master = op->word[4];
    unsigned char bytes[HWADDR_SIZE];
    uint64_t number;
    if (!is_interface_name(host) || !is_interface_name(inner))
        return fail(&cell->status, "nic", EINVAL, NULL, "Cannot make an interface \"%.32s\" or \"%.32s\": a name has 1 to 15 bytes", host, inner);
    if (*hwaddr != '\0' && !parse_hwaddr(hwaddr, bytes))
        return fail(&cell->status, "nic", EINVAL, host, "Cannot use the hardware address \"%.32s\"", hwaddr);
    if (*mtu != '\0' && !parse_number(mtu, 65535, &number))
        return fail(&cell->status, "nic", EINVAL, host, "Cannot use the MTU \"%.32s\"", mtu);
    if (*master != '\0' && !is_interface_name(master))
        return fail(&cell->status, "nic", EINVAL, host, "Cannot use the bridge \"%.32s\"", master);
    return 0;
}

static void name_attribute(struct netlink_message *message, const char *name) {
    netlink_attribute(message, IFLA_IFNAME, name, strlen(name) + 1);
}

/** @param mtu 0 leaves it to the kernel */
static void mtu_attribute(struct netlink_message *message, uint32_t mtu) {
    if (mtu != 0)
        netlink_attribute(message, IFLA_MTU, &mtu, sizeof mtu);
}

static int mtu_of(const char *name, uint32_t *mtu) {
    cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (any < 0 || ioctl(any, SIOCGIFMTU, &request) < 0)
        return -1;
    *mtu = (uint32_t)request.ifr_mtu;
    return 0;
}

/** One message: both ends, the peer's namespace, the bridge, and the host end up. */
static int make_nic(struct cell *cell, int netlink, int netns, struct op *op) {
    const char *host = op->word[0], *inner = op->word[1], *hwaddr = op->word[2], *mtu = op->word[3], *master = op->word[4];
    struct netlink_message message;
    struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, plain = {0};
    netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
    name_attribute(&message, host);
    uint64_t number;
    uint32_t wanted = parse_number(mtu, 65535, &number) ? (uint32_t)number : 0, host_mtu = wanted;
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
    unsigned char bytes[HWADDR_SIZE];
    if (parse_hwaddr(hwaddr, bytes))
        netlink_attribute(&message, IFLA_ADDRESS, bytes, sizeof bytes);
    netlink_end_nest(&message, peer);
    netlink_end_nest(&message, data);
    netlink_end_nest(&message, info);
    if (netlink_request(netlink, &message) < 0)
        return fail(&cell->status, "nic", errno, host, "Cannot make the interface \"%s\"", host);
    op->flags = MADE;
    return 0;
}

static bool is_nic(const struct op *op) {
    return op->kind->take == take_nic;
}

static bool has_nics(const struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        if (is_nic(&cell->ops[i]))
            return true;
    return false;
}

int make_nics(struct cell *cell, pid_t process) {
    if (!has_nics(cell))
        return 0;
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)process);
    cleanup_fd int netns = open(path, O_RDONLY | O_CLOEXEC);
    cleanup_fd int netlink = netlink_open();
    if (netns < 0 || netlink < 0)
        return fail(&cell->status, "nic", errno, path, "Cannot reach the container's network");
    for (unsigned i = 0; i < cell->op_count; i++)
        if (is_nic(&cell->ops[i]) && make_nic(cell, netlink, netns, &cell->ops[i]) < 0)
            return -1;
    return 0;
}

void delete_nics(struct cell *cell) {
    cleanup_fd int netlink = netlink_open();
    for (unsigned i = 0; i < cell->op_count; i++) {
        if (!is_nic(&cell->ops[i]) || cell->ops[i].flags != MADE)
            continue;
        struct netlink_message message;
        struct ifinfomsg link = {0};
        netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof link);
        name_attribute(&message, cell->ops[i].word[0]);
        /* it may be gone already, since it dies with the container's network as well */
        (void)netlink_request(netlink, &message);
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
        if (is_nic(&cell->ops[i]) && set_up(any, cell->ops[i].word[1]) < 0)
            return fail(&cell->status, "nic", errno, cell->ops[i].word[1], "Cannot set the interface up");
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
