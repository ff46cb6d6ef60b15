/* A session of SFTP: its open files and folders, and what the requests on them share. */
#pragma once

#include <dirent.h>
#include <limits.h>

#include "verbs/sftp/sftp-packet.h"
#include "wire/cell.h"

enum { SFTP_HANDLES_MAX = 256 };

/** SFTP's numbers of messages and answers. */
enum {
    FXP_INIT = 1, FXP_VERSION, FXP_OPEN, FXP_CLOSE, FXP_READ, FXP_WRITE, FXP_LSTAT, FXP_FSTAT, FXP_SETSTAT, FXP_FSETSTAT, FXP_OPENDIR, FXP_READDIR,
    FXP_REMOVE, FXP_MKDIR, FXP_RMDIR, FXP_REALPATH, FXP_STAT, FXP_RENAME, FXP_READLINK, FXP_SYMLINK,
    FXP_STATUS = 101, FXP_HANDLE, FXP_DATA, FXP_NAME, FXP_ATTRS,
    FXP_EXTENDED = 200, FXP_EXTENDED_REPLY,
};

struct sftp_handle {
    int fd;        /* a regular file; -1 when it is none */
    DIR *folder;   /* NULL when it is none */
    uint32_t turn; /* goes up each time this place is taken, so that a handle that was closed means nothing */
};

struct sftp {
    struct cell *cell;
    uint32_t id; /* of the request that is being served */
    struct sftp_in in;
    struct sftp_out out;
    struct sftp_handle handles[SFTP_HANDLES_MAX];
};

/** What a request comes to: an errno, or one of these. */
enum { SFTP_DONE = 0, SFTP_ANSWERED = -1, SFTP_AT_END = -2, SFTP_BAD = -3, SFTP_UNKNOWN = -4 };

typedef int (*sftp_request)(struct sftp *);

/** Keeps a file or folder for the client, and answers with its handle. @returns what the request comes to; what it was given is closed when there is no room */
int sftp_keep(struct sftp *session, int fd, DIR *folder);
/** Takes a handle off the request. @returns NULL for one that is not open */
struct sftp_handle *sftp_take_handle(struct sftp *session);
void sftp_close(struct sftp_handle *handle);
/** Takes a path off the request: absolute, or as seen from the root. @returns whether it is one */
bool sftp_take_path(struct sftp *session, char path[PATH_MAX]);
/** Answers with what a file is. */
int sftp_tell(struct sftp *session, const struct stat *about);
/** Changes what the attributes say. @param fd O_PATH, of a file that is not followed any more @returns 0 or an errno */
int sftp_change(struct sftp *session, int fd, const struct sftp_attributes *attributes);

int sftp_open(struct sftp *), sftp_close_handle(struct sftp *), sftp_read(struct sftp *), sftp_write(struct sftp *); /* sftp-files.c */
int sftp_fstat(struct sftp *), sftp_fsetstat(struct sftp *), sftp_fsync(struct sftp *);
int sftp_opendir(struct sftp *), sftp_readdir(struct sftp *);                                                        /* sftp-folders.c */
int sftp_stat(struct sftp *), sftp_lstat(struct sftp *), sftp_setstat(struct sftp *), sftp_lsetstat(struct sftp *);   /* sftp-paths.c */
int sftp_mkdir(struct sftp *), sftp_rmdir(struct sftp *), sftp_remove(struct sftp *), sftp_rename(struct sftp *);
int sftp_posix_rename(struct sftp *), sftp_hardlink(struct sftp *), sftp_symlink(struct sftp *), sftp_readlink(struct sftp *);
int sftp_realpath(struct sftp *), sftp_statvfs(struct sftp *), sftp_fstatvfs(struct sftp *);
