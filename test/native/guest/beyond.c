/* Opens a file in the folder that its standard input is, and prints the number of the error: 0 for none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv) {
    printf("%d\n", argc == 2 && openat(0, argv[1], O_RDONLY) >= 0 ? 0 : errno);
    return 0;
}
