/* ask SOCKET [COUNT]: sends its input to a unix socket and prints what comes back; with COUNT it opens so many connections first and keeps them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_one(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    char bytes[65536];
    for (int i = argc > 2 ? atoi(argv[2]) : 0; i > 0; i--)
        open_one(argv[1]);
    int fd = open_one(argv[1]);
    if (fork() == 0) {
        for (ssize_t got; (got = read(0, bytes, sizeof bytes)) > 0;)
            if (send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got)
                break;
        _exit(0);
    }
    for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;)
        if (write(1, bytes, (size_t)got) != got)
            break;
    return 0;
}
