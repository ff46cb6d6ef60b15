/* SFTP on folders. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "verbs/sftp/sftp-session.h"

/* of one answer: names of 255 bytes, their long form and attributes take far less than a packet */
enum { ENTRIES_AT_ONCE = 128, LONG_NAME_MAX = NAME_MAX + 160 };

int sftp_opendir(struct sftp *session) {
    char path[PATH_MAX];
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    int fd = open_in_root(session->cell->container->root_fd, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        const int error = errno;
        close_now(&fd);
        return error;
    }
    return sftp_keep(session, -1, folder);
}

static char type_letter(mode_t mode) {
    return S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : S_ISFIFO(mode) ? 'p' : S_ISSOCK(mode) ? 's' : '-';
}

/** The line of `ls -l`, which clients of this version show as it is. */
static void long_name(char line[LONG_NAME_MAX], const char *name, const struct stat *about) {
    char mode[11] = "?rwxrwxrwx", when[32] = "";
    struct tm parts;
    const time_t changed = about->st_mtime;
    mode[0] = type_letter(about->st_mode);
    for (int bit = 0; bit < 9; bit++)
        if ((about->st_mode & (0400u >> bit)) == 0)
            mode[1 + bit] = '-';
    static const struct { unsigned bit; int at; char set, alone; } special[] = {{04000, 3, 's', 'S'}, {02000, 6, 's', 'S'}, {01000, 9, 't', 'T'}};
    for (size_t i = 0; i < COUNT_OF(special); i++)
        if (about->st_mode & special[i].bit)
            mode[special[i].at] = mode[special[i].at] == 'x' ? special[i].set : special[i].alone;
    if (gmtime_r(&changed, &parts) != NULL)
        strftime(when, sizeof when, time(NULL) - changed < 180 * 24 * 3600 ? "%b %e %H:%M" : "%b %e  %Y", &parts);
    snprintf(line, LONG_NAME_MAX, "%s %4lu %-8lu %-8lu %8llu %s %s", mode, (unsigned long)about->st_nlink, (unsigned long)about->st_uid,
             (unsigned long)about->st_gid, (unsigned long long)about->st_size, when, name);
}

int sftp_readdir(struct sftp *session) {
    const struct sftp_handle *handle = sftp_take_handle(session);
    if (handle == NULL || handle->folder == NULL)
        return SFTP_BAD;
    struct sftp_out *out = &session->out;
    sftp_begin(out, FXP_NAME, session->id);
    const size_t count_at = out->size;
    sftp_add_u32(out, 0);
    uint32_t count = 0;
    errno = 0;
    for (struct dirent *entry; count < ENTRIES_AT_ONCE && (entry = readdir(handle->folder)) != NULL;) {
        struct stat about;
        char line[LONG_NAME_MAX];
        /* one that has gone meanwhile is not there */
        if (fstatat(dirfd(handle->folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        long_name(line, entry->d_name, &about);
        sftp_add_text(out, entry->d_name);
        sftp_add_text(out, line);
        sftp_add_attributes(out, &about);
        count++;
    }
    if (count == 0)
        return SFTP_AT_END;
    sftp_set_u32(out, count_at, count);
    return SFTP_ANSWERED;
}
