/* For a compiler without libFuzzer: gives a target the files that it is told, and each file cut short and with one byte changed. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "fuzz/fuzz.h"

/** Exactly as large as the input, so that a sanitizer sees what is read behind it. */
static void give(const uint8_t *bytes, size_t size) {
    uint8_t *copy = must_alloc(size);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv) {
    static uint8_t bytes[FRAME_MAX];
    unsigned inputs = 0;
    for (int i = 1; i < argc; i++) {
        cleanup_fd int file = open(argv[i], O_RDONLY | O_CLOEXEC);
        ssize_t got = file < 0 ? -1 : read(file, bytes, sizeof bytes);
        if (got < 0) {
            fprintf(stderr, "Cannot read \"%s\"\n", argv[i]);
            return 1;
        }
        size_t size = (size_t)got;
        give(bytes, size);
        for (size_t at = 0; at < size; at++, inputs += 2) {
            give(bytes, at);
            bytes[at] ^= 0x5a;
            give(bytes, size);
            bytes[at] ^= 0x5a;
        }
        inputs++;
    }
    printf("%u inputs of %d files\n", inputs, argc - 1);
    return 0;
}
