/*
 * See network.h. nic-move HOSTNAME INNERNAME HWADDR MTU INDEX FILE: an interface of the host's own, which the container has until it ends or gives it back;
 * unplug-inner INDEX FILE. What an interface was on the host stands in FILE, a line each, before it moves: whoever sees the container off gives it back as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/child.h"
#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/network.h"
#include "kernel/nic-words.h"
#include "kernel/target.h"
#include "wire/ops.h"

enum { HOST, INNER, HWADDR, MTU, INDEX, LEDGER, LEDGER_MAX = 4096, LINE_MAX_SIZE = 128 };

/* An interface as it was on the host. */
struct moved {
    int32_t index; /* inside */
    int32_t host_index;
    uint32_t mtu;
    unsigned is_up;
    char hwaddr[24]; /* "-" for one that is not Ethernet's, which stays as it is */
    char name[IF_NAMESIZE];
};

int take_nic_move(struct cell *cell, struct op *op) {
    int32_t index;
    if (check_nic_words(cell, "nic-move", op->word[HOST], op->word[INNER], op->word[HWADDR], op->word[MTU]) < 0)
        return -1;
    if (!parse_inner_index(op->word[INDEX], &index) || *op->word[LEDGER] != '/')
        return fail(&cell->status, "nic-move", EINVAL, NULL, "Cannot use \"%.32s\" as the number of an interface, or \"%.64s\" as the file that tells of it", op->word[INDEX], op->word[LEDGER]);
    return 0;
}

int take_unplug_inner(struct cell *cell, struct op *op) {
    int32_t index;
    if (!parse_inner_index(op->word[0], &index) || *op->word[1] != '/')
        return fail(&cell->status, "unplug-inner", EINVAL, NULL, "Cannot use \"%.32s\" as the number of an interface, or \"%.64s\" as the file that tells of it", op->word[0], op->word[1]);
    return 0;
}

/* The file. */

/** @returns the next line's interface; false at the end, or at what is no line of ours */
static bool next_moved(const char **text, struct moved *moved) {
    int length = 0;
    if (sscanf(*text, "%d %d %u %u %23s %15s%n", &moved->index, &moved->host_index, &moved->mtu, &moved->is_up, moved->hwaddr, moved->name, &length) != 6 ||
        (*text)[length] != '\n')
        return false;
    *text += length + 1;
    return moved->index > 0 && moved->host_index > 0;
}

static int write_line(int fd, const struct moved *moved) {
    char line[LINE_MAX_SIZE];
    int length = snprintf(line, sizeof line, "%d %d %u %u %s %s\n", moved->index, moved->host_index, moved->mtu, moved->is_up, moved->hwaddr, moved->name);
    return write_all(fd, line, (size_t)length);
}

/** There since the start of the container, if its supervisor is one that gives back. */
static int note_moved(const char *ledger, const struct moved *moved) {
    cleanup_fd int fd = open(ledger, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -1 : write_line(fd, moved);
}

/** @returns whether there is one of that number, which is written to moved */
static bool find_moved(const char *ledger, int32_t index, struct moved *moved) {
    char text[LEDGER_MAX];
    const char *rest = text;
    if (read_small_file(AT_FDCWD, ledger, text, sizeof text) < 0)
        return false;
    while (next_moved(&rest, moved))
        if (moved->index == index)
            return true;
    return false;
}

static int forget_moved(const char *ledger, int32_t index) {
    char text[LEDGER_MAX], fresh[4096];
    const char *rest = text;
    struct moved moved;
    if (read_small_file(AT_FDCWD, ledger, text, sizeof text) < 0 || snprintf(fresh, sizeof fresh, "%s.new", ledger) >= (int)sizeof fresh)
        return -1;
    cleanup_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    while (next_moved(&rest, &moved))
        if (moved.index != index && write_line(fd, &moved) < 0)
            return -1;
    return rename(fresh, ledger);
}

/* In the container's network: a process of its own goes there, so that ours stays where it is. */

struct visit {
    int netns, host; /* networks of the container and of the caller */
    int (*run)(int netlink, int host, const void *context);
    const void *context;
    int error;
};

static int visit_network(void *context) {
    struct visit *visit = context;
    int netlink = setns(visit->netns, CLONE_NEWNET) < 0 ? -1 : netlink_open();
    visit->error = netlink < 0 || visit->run(netlink, visit->host, visit->context) < 0 ? errno : 0;
    return 0;
}

/** @returns 0, or -1 with errno */
static int in_network(int netns, int (*run)(int, int, const void *), const void *context) {
    cleanup_fd int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    struct visit visit = {.netns = netns, .host = host, .run = run, .context = context, .error = ECHILD};
    if (host < 0)
        return -1;
    pid_t pid = lend_child(visit_network, &visit, CLONE_VM);
    if (pid < 0)
        return -1;
    reap_child(pid);
    errno = visit.error;
    return visit.error == 0 ? 0 : -1;
}

static int delete_inner(int netlink, int host, const void *context) {
    (void)host;
    const int32_t *index = context;
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = *index};
    netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof link);
    /* one that the guest has deleted is gone as wanted */
    return netlink_request(netlink, &message) < 0 && errno != ENODEV ? -1 : 0;
}

static int send_back(int netlink, int host, const struct moved *moved, const char *name, bool with_index) {
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = moved->index, .ifi_flags = moved->is_up ? IFF_UP : 0, .ifi_change = IFF_UP};
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    netlink_attribute(&message, IFLA_NET_NS_FD, &host, sizeof host);
    name_attribute(&message, name);
    mtu_attribute(&message, moved->mtu);
    hwaddr_attribute(&message, moved->hwaddr);
    if (with_index)
        netlink_attribute(&message, IFLA_NEW_IFINDEX, &moved->host_index, sizeof moved->host_index);
    return netlink_request(netlink, &message);
}

/** Away from a name that the guest has chosen, which is none for the host. One that is taken inside as well leaves it as it is. */
static void take_name_off(int netlink, int32_t index) {
    char name[IF_NAMESIZE];
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = index, .ifi_change = IFF_UP};
    /* kernels before 6.4 rename none that is up */
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    (void)netlink_request(netlink, &message);
    link.ifi_change = 0;
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    snprintf(name, sizeof name, "dev%d", index);
    name_attribute(&message, name);
    (void)netlink_request(netlink, &message);
}

/**
 * Its number, and even its name, may be taken on the host by now: then it comes back under another. One that the guest has deleted, which only works for what is no
 * hardware, or has moved to a network of its own, is not there (ENODEV).
 */
static int give_back(int netlink, int host, const void *context) {
    const struct moved *moved = context;
    take_name_off(netlink, moved->index);
    if (send_back(netlink, host, moved, moved->name, true) == 0 || errno == ENODEV || send_back(netlink, host, moved, moved->name, false) == 0 || errno == ENODEV)
        return 0;
    return -1;
}

void give_nics_back(int folder, int netns) {
    char text[LEDGER_MAX];
    const char *rest = text;
    struct moved moved;
    if (netns < 0 || read_small_file(folder, NICS_FILE, text, sizeof text) <= 0)
        return;
    while (next_moved(&rest, &moved))
        (void)in_network(netns, give_back, &moved);
}

/* Operations. */

static int look_at(const char *name, struct moved *moved) {
    cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq flags = {0}, address = {0};
    snprintf(flags.ifr_name, sizeof flags.ifr_name, "%s", name);
    address = flags;
    moved->host_index = (int32_t)if_nametoindex(name);
    if (any < 0 || moved->host_index == 0 || ioctl(any, SIOCGIFFLAGS, &flags) < 0 || ioctl(any, SIOCGIFHWADDR, &address) < 0 || mtu_of(name, &moved->mtu) < 0)
        return -1;
    moved->is_up = (flags.ifr_flags & IFF_UP) != 0;
    const unsigned char *bytes = (const unsigned char *)address.ifr_hwaddr.sa_data;
    if (address.ifr_hwaddr.sa_family == ARPHRD_ETHER)
        snprintf(moved->hwaddr, sizeof moved->hwaddr, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
    else
        snprintf(moved->hwaddr, sizeof moved->hwaddr, "-");
    snprintf(moved->name, sizeof moved->name, "%s", name);
    return 0;
}

int move_nic(struct cell *cell, int netlink, int netns, struct op *op) {
    const char *host = op->word[HOST], *ledger = op->word[LEDGER];
    struct moved moved = {0};
    if (!parse_inner_index(op->word[INDEX], &moved.index) || look_at(host, &moved) < 0)
        return fail(&cell->status, "nic-move", errno, host, "Cannot find the interface");
    if (note_moved(ledger, &moved) < 0)
        return fail(&cell->status, "nic-move", errno, ledger, "Cannot note that the container has the interface \"%s\": its supervisor may be of an older Bothy. Restart the instance", host);
    op->flags = NIC_MADE;
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = moved.host_index};
    netlink_begin(&message, RTM_SETLINK, 0, &link, sizeof link);
    netlink_attribute(&message, IFLA_NET_NS_FD, &netns, sizeof netns);
    netlink_attribute(&message, IFLA_NEW_IFINDEX, &moved.index, sizeof moved.index);
    name_attribute(&message, op->word[INNER]);
    mtu_attribute(&message, mtu_of_word(op->word[MTU]));
    hwaddr_attribute(&message, op->word[HWADDR]);
    if (netlink_request(netlink, &message) < 0)
        return fail(&cell->status, "nic-move", errno, host, errno == EINVAL ? "Cannot hand the interface on: it is of a kind that stays where it is, or does not take the MTU" : "Cannot hand the interface on");
    return 0;
}

/** Whether it was made inside or moved there. */
static int unplug_inner(int netns, int32_t index, const char *ledger) {
    struct moved moved;
    if (!find_moved(ledger, index, &moved))
        return in_network(netns, delete_inner, &index);
    return in_network(netns, give_back, &moved) < 0 ? -1 : forget_moved(ledger, index);
}

void undo_nic_move(int netns, const struct op *op) {
    int32_t index;
    if (parse_inner_index(op->word[INDEX], &index))
        (void)unplug_inner(netns, index, op->word[LEDGER]);
}

void undo_nic_inner(int netns, const char *word) {
    int32_t index;
    if (parse_inner_index(word, &index))
        (void)in_network(netns, delete_inner, &index);
}

int host_unplug_inner(struct cell *cell, struct op *op) {
    char path[32];
    int32_t index = 0;
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)cell->target->pid);
    cleanup_fd int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0 || !parse_inner_index(op->word[0], &index) || unplug_inner(netns, index, op->word[1]) < 0)
        return fail(&cell->status, "unplug-inner", errno, NULL, "Cannot take the interface out of the container");
    return 0;
}
