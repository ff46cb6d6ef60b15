/* See nic-words.h. */
#include "kernel/nic-words.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/util.h"

bool is_interface_name(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length < IF_NAMESIZE && strpbrk(name, "/ \t\n") == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool parse_hwaddr(const char *word, unsigned char hwaddr[HWADDR_SIZE]) {
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

int check_nic_words(struct cell *cell, const char *op, const char *host, const char *inner, const char *hwaddr, const char *mtu) {
    unsigned char bytes[HWADDR_SIZE];
    uint64_t number;
    if (!is_interface_name(host) || !is_interface_name(inner))
        return fail(&cell->status, op, EINVAL, NULL, "Cannot make an interface \"%.32s\" or \"%.32s\": a name has 1 to 15 bytes", host, inner);
    if (*hwaddr != '\0' && !parse_hwaddr(hwaddr, bytes))
        return fail(&cell->status, op, EINVAL, host, "Cannot use the hardware address \"%.32s\"", hwaddr);
    if (*mtu != '\0' && !parse_number(mtu, 65535, &number))
        return fail(&cell->status, op, EINVAL, host, "Cannot use the MTU \"%.32s\"", mtu);
    return 0;
}

bool parse_inner_index(const char *word, int32_t *index) {
    uint64_t number;
    if (!parse_number(word, INT32_MAX, &number) || number == 0)
        return false;
    *index = (int32_t)number;
    return true;
}

void name_attribute(struct netlink_message *message, const char *name) {
    netlink_attribute(message, IFLA_IFNAME, name, strlen(name) + 1);
}

void mtu_attribute(struct netlink_message *message, uint32_t mtu) {
    if (mtu != 0)
        netlink_attribute(message, IFLA_MTU, &mtu, sizeof mtu);
}

void hwaddr_attribute(struct netlink_message *message, const char *word) {
    unsigned char bytes[HWADDR_SIZE];
    if (parse_hwaddr(word, bytes))
        netlink_attribute(message, IFLA_ADDRESS, bytes, sizeof bytes);
}

uint32_t mtu_of_word(const char *word) {
    uint64_t number;
    return parse_number(word, 65535, &number) ? (uint32_t)number : 0;
}

int mtu_of(const char *name, uint32_t *mtu) {
    cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (any < 0 || ioctl(any, SIOCGIFMTU, &request) < 0)
        return -1;
    *mtu = (uint32_t)request.ifr_mtu;
    return 0;
}
