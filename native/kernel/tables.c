/* See tables.h. */
#include "kernel/tables.h"

#include <string.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "base/util.h"

static const struct {
    const char *name;
    unsigned flag;
} mount_flags[] = {
    {"chosen", FLAG_CHOSEN},     {"unchosen", FLAG_UNCHOSEN},
    {"dir", FLAG_DIR},           {"file", FLAG_FILE},     {"noatime", ATTR_NOATIME}, {"nodev", ATTR_NODEV},
    {"noexec", ATTR_NOEXEC},     {"nosuid", ATTR_NOSUID}, {"optional", FLAG_OPTIONAL}, {"rec", FLAG_RECURSIVE},
    {"relatime", 0},             {"ro", ATTR_RDONLY},     {"rw", 0},                 {"shift", FLAG_SHIFT},
    {"strictatime", ATTR_STRICTATIME},
    {"private", FLAG_PRIVATE},   {"slave", FLAG_SLAVE},   {"shared", FLAG_SHARED},   {"unbindable", FLAG_UNBINDABLE},
    {"unlocked", FLAG_UNLOCKED},
};

static const struct {
    const char *name;
    int number;
} limits[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},     {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK},
};

bool parse_mount_flags(const char *words, unsigned *flags) {
    *flags = 0;
    if (strcmp(words, "-") == 0 || *words == '\0')
        return true;
    for (const char *word = words;;) {
        size_t length = strcspn(word, ",");
        size_t i = 0;
        while (i < COUNT_OF(mount_flags) &&
               (strlen(mount_flags[i].name) != length || strncmp(mount_flags[i].name, word, length) != 0))
            i++;
        if (i == COUNT_OF(mount_flags))
            return false;
        *flags |= mount_flags[i].flag;
        if (word[length] == '\0')
            return true;
        word += length + 1;
    }
}

int rlimit_number(const char *name) {
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        if (strcmp(limits[i].name, name) == 0)
            return limits[i].number;
    return -1;
}
