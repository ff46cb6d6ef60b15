/* Listens on UDP ports: hear PORT... Prints "ready", then each port that something comes to, and leaves after the last one named. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    struct pollfd polled[8];
    int count = argc - 1 < 8 ? argc - 1 : 8, yes = 1;
    for (int i = 0; i < count; i++) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[i + 1]))};
        polled[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
        setsockopt(polled[i].fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(polled[i].fd, (struct sockaddr *)&any, sizeof any) < 0) {
            perror("hear");
            return 1;
        }
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("ready\n");
    while (poll(polled, (nfds_t)count, 60000) > 0)
        for (int i = 0; i < count; i++) {
            char bytes[2048];
            if (polled[i].revents == 0 || recv(polled[i].fd, bytes, sizeof bytes, 0) < 0)
                continue;
            printf("%s\n", argv[i + 1]);
            if (i == count - 1)
                return 0;
        }
    return 1;
}
