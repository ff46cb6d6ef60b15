/* See commands.h. */
#include "wire/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"

int read_commands(struct command_reader *reader, int fd, void (*handle)(const char *, void *), void *context) {
    ssize_t got = recv(fd, reader->line + reader->length, sizeof reader->line - reader->length, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (got <= 0)
        return (int)got;
    reader->length += (size_t)got;
    return rest_of_commands(reader, handle, context);
}

int rest_of_commands(struct command_reader *reader, void (*handle)(const char *, void *), void *context) {
    reader->holds = false;
    while (!reader->holds) {
        char *end = memchr(reader->line, '\n', reader->length);
        if (end == NULL)
            return reader->length < sizeof reader->line ? 1 : -1;
        *end = '\0';
        handle(reader->line, context);
        size_t used = (size_t)(end + 1 - reader->line);
        reader->length -= used;
        memmove(reader->line, reader->line + used, reader->length);
    }
    return 1;
}

unsigned command_number(const char *line, const char *word, unsigned max) {
    uint64_t number;
    size_t length = strlen(word);
    if (strncmp(line, word, length) != 0 || !parse_number(line + length, max, &number))
        return 0;
    return (unsigned)number;
}
