/*
 * The two ends of a way between containers, and one who asks for names; static, so that it runs in any of them.
 *
 *   wire serve PORT               listens, and goes on in the background: each connection says by its first byte what it wants
 *   wire send ADDRESS PORT MIB    sends so much by TCP, until the other end has read it all
 *   wire turns ADDRESS PORT N     sends a byte and waits for it to come back, so often, by TCP
 *   wire ask ADDRESS NAME N       asks for the IPv4 address of a name, so often, by UDP
 *
 * The last three print microseconds: of the whole, of one turn, of one question.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { sinks = 's', echoes = 'e', chunk = 128 << 10, dns_port = 53, answer_seconds = 5 };

static char buffer[chunk];

static double now_us(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static struct sockaddr_in address_of(const char *text, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        errx(2, "\"%s\" is no IPv4 address", text);
    return address;
}

static void at_once(int fd) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void answer(int fd) {
    char want;
    ssize_t got;
    at_once(fd);
    if (read(fd, &want, 1) != 1)
        return;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        if (want == echoes && write(fd, buffer, (size_t)got) != got)
            return;
    if (want == sinks && write(fd, &want, 1) != 1)
        warn("write");
}

static void serve(int port) {
    struct sockaddr_in address = address_of("0.0.0.0", port);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0)
        err(1, "listen");
    signal(SIGPIPE, SIG_IGN);
    if (daemon(0, 0) < 0)
        err(1, "daemon");
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        answer(fd);
        close(fd);
    }
}

static int connected(const char *text, int port, char want) {
    struct sockaddr_in address = address_of(text, port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "connect to %s", text);
    at_once(fd);
    if (write(fd, &want, 1) != 1)
        err(1, "write");
    return fd;
}

static double send_all(const char *text, int port, long mebibytes) {
    int fd = connected(text, port, sinks);
    double begin = now_us();
    for (size_t left = (size_t)mebibytes << 20; left > 0;) {
        ssize_t sent = write(fd, buffer, left < sizeof buffer ? left : sizeof buffer);
        if (sent < 0)
            err(1, "write");
        left -= (size_t)sent;
    }
    shutdown(fd, SHUT_WR);
    if (read(fd, buffer, 1) != 1)
        err(1, "read");
    return now_us() - begin;
}

static double take_turns(const char *text, int port, long count) {
    int fd = connected(text, port, echoes);
    double begin = now_us();
    for (long turn = 0; turn < count; turn += 1)
        if (write(fd, buffer, 1) != 1 || read(fd, buffer, 1) != 1)
            err(1, "turn");
    return (now_us() - begin) / (double)count;
}

/* A question as RFC 1035 section 4.1 has it. Returns its length. */
static size_t question_of(const char *name, unsigned char *message) {
    static const unsigned char head[12] = {0, 0, 1, 0, 0, 1}, tail[5] = {0, 0, 1, 0, 1};
    size_t at = sizeof head;
    memcpy(message, head, sizeof head);
    for (const char *label = name; *label != '\0';) {
        size_t length = strcspn(label, ".");
        message[at++] = (unsigned char)length;
        memcpy(message + at, label, length);
        at += length;
        label += length + (label[length] == '.');
    }
    memcpy(message + at, tail, sizeof tail);
    return at + sizeof tail;
}

static double ask(const char *text, const char *name, long count) {
    struct sockaddr_in address = address_of(text, dns_port);
    struct timeval patience = {.tv_sec = answer_seconds};
    unsigned char question[512], answer[512];
    if (strlen(name) > 255)
        errx(2, "the name is too long");
    size_t length = question_of(name, question);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "connect to %s", text);
    double begin = now_us();
    for (long number = 0; number < count; number += 1) {
        question[0] = (unsigned char)(number >> 8);
        question[1] = (unsigned char)number;
        if (send(fd, question, length, 0) < 0)
            err(1, "send");
        if (recv(fd, answer, sizeof answer, 0) < 12)
            err(1, "no answer to question %ld", number);
        if (memcmp(answer, question, 2) != 0 || (answer[3] & 15) != 0 || answer[7] == 0)
            errx(1, "the name has no address");
    }
    return (now_us() - begin) / (double)count;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(atoi(argv[2]));
    if (argc != 5)
        errx(2, "see its source");
    long count = atol(argv[4]);
    if (strcmp(argv[1], "send") == 0)
        printf("%.3f\n", send_all(argv[2], atoi(argv[3]), count));
    else if (strcmp(argv[1], "turns") == 0)
        printf("%.3f\n", take_turns(argv[2], atoi(argv[3]), count));
    else if (strcmp(argv[1], "ask") == 0)
        printf("%.3f\n", ask(argv[2], argv[3], count));
    return 0;
}
