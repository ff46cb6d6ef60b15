/* See util.h. */
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/sys.h"

static struct {
    char *start;
    size_t size;
} argument_area;

int write_all(int fd, const void *data, size_t size) {
    const char *next = data;
    while (size > 0) {
        ssize_t wrote = write(fd, next, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -1;
        next += wrote;
        size -= (size_t)wrote;
    }
    return 0;
}

int read_all(int fd, void *data, size_t size) {
    char *next = data;
    while (size > 0) {
        ssize_t got = read(fd, next, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0) {
            errno = ENODATA;
            return -1;
        }
        next += got;
        size -= (size_t)got;
    }
    return 0;
}

ssize_t read_small_file(int dir, const char *path, char *buffer, size_t size) {
    cleanup_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t length = 0;
    while (length + 1 < size) {
        ssize_t got = read(fd, buffer + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    buffer[length] = '\0';
    return (ssize_t)length;
}

int write_control_file(int dir, const char *path, const char *value) {
    cleanup_fd int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t length = strlen(value);
    ssize_t wrote = write(fd, value, length);
    if (wrote >= 0 && (size_t)wrote != length) {
        errno = EIO;
        return -1;
    }
    return wrote < 0 ? -1 : 0;
}

static bool parse_in_base(const char *word, int base, uint64_t max, uint64_t *number) {
    if (*word < '0' || *word > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(word, &end, base);
    if (errno != 0 || *end != '\0' || value > max)
        return false;
    *number = value;
    return true;
}

bool parse_number(const char *word, uint64_t max, uint64_t *number) {
    return parse_in_base(word, 10, max, number);
}

bool parse_octal(const char *word, uint64_t max, unsigned *number) {
    uint64_t value;
    if (max > UINT32_MAX || !parse_in_base(word, 8, max, &value))
        return false;
    *number = (unsigned)value;
    return true;
}

void *must_alloc(size_t size) {
    void *memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL)
        abort();
    return memory;
}

char *next_part(char **list, char separator) {
    char *part = *list;
    if (part == NULL)
        return NULL;
    char *end = strchr(part, separator);
    if (end != NULL)
        *end++ = '\0';
    *list = end;
    return part;
}

void reset_signals(void) {
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void ignore_signals(void) {
    /* what the kernel sends for a fault of our own still ends us, and children are still told of */
    static const int kept[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGCHLD};
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        signal(kept[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

uint64_t process_start_time(pid_t pid) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_small_file(AT_FDCWD, path, text, sizeof text) < 0)
        return 0;
    /* field 2 is the command in parentheses and may hold anything, so count from the last one: what follows is field 3 */
    char *field = strrchr(text, ')');
    for (int number = 2; field != NULL && number < 22; number++)
        field = strchr(field + 1, ' ');
    return field == NULL ? 0 : strtoull(field + 1, NULL, 10);
}

void remember_arguments(int argc, char **argv) {
    argument_area.start = argv[0];
    argument_area.size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
}

void set_title(const char *prefix, const char *name) {
    char title[128];
    snprintf(title, sizeof title, "%s%s", prefix, name);
    prctl(PR_SET_NAME, title);
    if (argument_area.size > 0) {
        memset(argument_area.start, 0, argument_area.size);
        size_t length = strlen(title) < argument_area.size ? strlen(title) : argument_area.size;
        memcpy(argument_area.start, title, length);
    }
}

bool may_soon_be_free(unsigned *tries) {
    if (++*tries > 20)
        return false;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return true;
}
