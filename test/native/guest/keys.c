/*
 * The session keyring of who runs it.
 *
 *     keys add NAME TEXT    adds a key to it
 *     keys find NAME        prints the text of the key of this name that it holds, or the error
 *     keys owner            prints the owner of the keyring
 *     keys fill             adds keys until the quota is used up, and prints the error
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SESSION = -3, DESCRIBE = 6, SEARCH = 10, READ = 11, USER = -4 };

int main(int argc, char **argv) {
    char text[256] = "", name[32];
    if (argc == 4 && strcmp(argv[1], "add") == 0)
        return syscall(SYS_add_key, "user", argv[2], argv[3], strlen(argv[3]), SESSION) < 0;
    if (argc == 3 && strcmp(argv[1], "find") == 0) {
        long key = syscall(SYS_keyctl, SEARCH, SESSION, "user", argv[2], 0);
        if (key < 0 || syscall(SYS_keyctl, READ, key, text, sizeof text - 1) < 0)
            printf("%s\n", strerror(errno));
        else
            printf("%s\n", text);
    }
    if (argc == 2 && strcmp(argv[1], "owner") == 0) {
        syscall(SYS_keyctl, DESCRIBE, SESSION, text, sizeof text - 1);
        strtok(text, ";");
        printf("%s\n", strtok(NULL, ";"));
    }
    if (argc == 2 && strcmp(argv[1], "fill") == 0) {
        for (int i = 0; i < 100000; i++) {
            snprintf(name, sizeof name, "key%d", i);
            if (syscall(SYS_add_key, "user", name, "x", 1, USER) >= 0)
                continue;
            printf("%s\n", strerror(errno));
            break;
        }
    }
    return 0;
}
