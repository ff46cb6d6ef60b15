/* Lines on the socket of a process that outlives its request: a supervisor's, in the pieces that the input's first byte says. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "fuzz/fuzz.h"
#include "stdio/console.h"
#include "wire/commands.h"

/** What the handlers of supervisor, enterer, and keepers do with a line. */
static void handle(const char *line, void *context) {
    unsigned *sum = context;
    char pid[24], start[32];
    unsigned number = command_number(line, "signal ", 64);
    if (number > 64 || strlen(line) >= COMMAND_LINE_MAX)
        __builtin_trap();
    resize_by_command(-1, line);
    *sum += number + (unsigned)(strcmp(line, "kill") == 0) + (unsigned)(sscanf(line, "target %23s %31s", pid, start) == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int ends[2];
    unsigned sum = 0;
    struct command_reader reader = {.length = 0};
    if (size < 1 || size > FRAME_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    size_t piece = 1 + data[0] % 100;
    int result = 1;
    for (size_t at = 1; at < size && result > 0; at += piece) {
        if (write_all(ends[1], data + at, size - at < piece ? size - at : piece) < 0)
            __builtin_trap();
        result = read_commands(&reader, ends[0], handle, &sum);
        if (reader.length > sizeof reader.line)
            __builtin_trap();
    }
    close(ends[0]);
    close(ends[1]);
    return 0;
}
