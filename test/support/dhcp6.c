/*
 * dhcp6 NIC DUID: asks for an address by DHCPv6 (RFC 8415) with one question and one answer, and prints "address ADDRESS", "dns ADDRESS" and
 * "domain NAME" for what it is told, or "nothing" after two seconds. DUID is in hexadecimal digits.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static unsigned char out[512], in[2048];
static size_t length;

static void put(const void *bytes, size_t count) {
    memcpy(out + length, bytes, count);
    length += count;
}

static void option(unsigned code, const void *value, size_t count) {
    unsigned char head[4] = {code >> 8, code & 255, count >> 8, count & 255};
    put(head, sizeof head);
    put(value, count);
}

static void show(const char *what, const unsigned char *bytes) {
    char text[INET6_ADDRSTRLEN];
    printf("%s %s\n", what, inet_ntop(AF_INET6, bytes, text, sizeof text));
}

static void domain(const unsigned char *at, const unsigned char *end) {
    printf("domain");
    for (char sep = ' '; at < end && *at != 0; at += *at + 1, sep = '.') printf("%c%.*s", sep, *at, at + 1);
    puts("");
}

static void options(const unsigned char *at, const unsigned char *end) {
    while (at + 4 <= end) {
        unsigned code = at[0] << 8 | at[1], count = at[2] << 8 | at[3];
        const unsigned char *value = at + 4;
        if (value + count > end) return;
        if (code == 3) options(value + 12, value + count);
        if (code == 5) show("address", value);
        if (code == 23)
            for (unsigned i = 0; i + 16 <= count; i += 16) show("dns", value + i);
        if (code == 24) domain(value, value + count);
        at = value + count;
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int sock = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons(546)}, to = {.sin6_family = AF_INET6, .sin6_port = htons(547)};
    struct timeval patience = {.tv_sec = 2};
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    to.sin6_scope_id = if_nametoindex(argv[1]);
    inet_pton(AF_INET6, "ff02::1:2", &to.sin6_addr);
    if (sock < 0 || bind(sock, (struct sockaddr *)&own, sizeof own) < 0) return perror("bind"), 1;

    unsigned char duid[128], identity[12] = {0, 0, 0, 1}, solicit[4] = {1, 1, 2, 3}, wanted[4] = {0, 23, 0, 24}, elapsed[2] = {0};
    size_t count = 0;
    for (const char *hex = argv[2]; hex[0] && hex[1] && count < sizeof duid; hex += 2) {
        char pair[3] = {hex[0], hex[1], 0};
        duid[count++] = (unsigned char)strtoul(pair, NULL, 16);
    }
    put(solicit, sizeof solicit);
    option(1, duid, count);
    option(3, identity, sizeof identity);
    option(6, wanted, sizeof wanted);
    option(8, elapsed, sizeof elapsed);
    option(14, NULL, 0); /* rapid commit: the answer is the lease */
    if (sendto(sock, out, length, 0, (struct sockaddr *)&to, sizeof to) < 0) return perror("send"), 1;
    ssize_t got = recv(sock, in, sizeof in, 0);
    if (got < 4) return puts("nothing"), 0;
    options(in + 4, in + got);
    return 0;
}
