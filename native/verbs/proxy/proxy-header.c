/* See proxy-header.h. */
#include "verbs/proxy/proxy-header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** An address in words; one of IPv4 that came in by a socket of IPv6 is one of IPv4. @returns its family, or 0 for what is no address of IP */
static int in_words(const struct sockaddr *address, char text[INET6_ADDRSTRLEN], unsigned *port) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return 0;
    bool is_mapped = address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);
    int family = is_mapped ? AF_INET : address->sa_family;
    const void *bytes = is_mapped ? &six->sin6_addr.s6_addr[12] : address->sa_family == AF_INET ? (const void *)&four->sin_addr : &six->sin6_addr;
    inet_ntop(family, bytes, text, INET6_ADDRSTRLEN);
    *port = ntohs(address->sa_family == AF_INET ? four->sin_port : six->sin6_port);
    return family;
}

size_t format_header(const struct sockaddr *from, const struct sockaddr *to, char line[HEADER_MAX]) {
    char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];
    unsigned source_port, target_port;
    int family = in_words(from, source, &source_port);
    int length = family == 0 || in_words(to, target, &target_port) != family
                     ? snprintf(line, HEADER_MAX, "PROXY UNKNOWN\r\n")
                     : snprintf(line, HEADER_MAX, "PROXY TCP%c %s %s %u %u\r\n", family == AF_INET ? '4' : '6', source, target, source_port, target_port);
    return (size_t)length;
}

size_t write_header(int client, char line[HEADER_MAX]) {
    struct sockaddr_storage from = {0}, to = {0};
    socklen_t from_size = sizeof from, to_size = sizeof to;
    if (client < 0 || getpeername(client, (struct sockaddr *)&from, &from_size) < 0 || getsockname(client, (struct sockaddr *)&to, &to_size) < 0)
        from.ss_family = AF_UNSPEC;
    return format_header((const struct sockaddr *)&from, (const struct sockaddr *)&to, line);
}
