/* Sends ethernet frames: frames INTERFACE < one frame a line, in hexadecimal digits. Prints how many went out. */
#include <arpa/inet.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = ETH_ALEN};
    to.sll_ifindex = argc == 2 ? (int)if_nametoindex(argv[1]) : 0;
    if (fd < 0 || to.sll_ifindex == 0) {
        perror("frames");
        return 1;
    }
    static char line[8192];
    unsigned sent = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned char frame[sizeof line / 2];
        size_t size = 0;
        for (unsigned byte; sscanf(line + 2 * size, "%2x", &byte) == 1; size++)
            frame[size] = (unsigned char)byte;
        if (size >= ETH_HLEN && sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)size)
            sent++;
    }
    printf("%u\n", sent);
    return 0;
}
