/* See command.h. */
#include "security/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/limits.h"
#include "kernel/userns.h"
#include "security/caps.h"
#include "security/seccomp.h"
#include "wire/handshake.h"
#include "wire/request.h"

enum { PEER = 3, OTHER };

struct command *begin_command(struct cell *cell, struct command *command, size_t room) {
    command->argv = request_memory(cell, (room + 1) * sizeof *command->argv);
    command->envp = request_memory(cell, (room + 1) * sizeof *command->envp);
    command->peer = -1;
    return command;
}

int keep_only(struct cell *cell, const int stdio[3], int *other) {
    /* first above all numbers in question, so that no dup2 closes what a later one needs */
    const int kept[] = {stdio[0], stdio[1], stdio[2], cell->command->peer, other != NULL ? *other : cell->command->peer};
    int high[COUNT_OF(kept)], last = other != NULL ? OTHER : PEER;
    for (int i = 0; i <= last; i++) {
        high[i] = fcntl(kept[i], F_DUPFD_CLOEXEC, 64);
        if (high[i] < 0)
            return fail(&cell->status, "stdio", errno, NULL, "Cannot keep the descriptor %d", i);
    }
    for (int i = 0; i <= last; i++)
        if ((i < PEER ? dup2(high[i], i) : dup3(high[i], i, O_CLOEXEC)) < 0)
            return fail(&cell->status, "stdio", errno, NULL, "Cannot connect the descriptor %d", i);
    cell->command->peer = PEER;
    if (other != NULL)
        *other = OTHER;
    if (sys_close_range((unsigned)last + 1, UINT_MAX, 0) < 0)
        return fail(&cell->status, "stdio", errno, NULL, "Cannot close the helper's descriptors");
    return 0;
}

int become_user(struct cell *cell) {
    if (sys_setgroups(cell->command->group_count, cell->command->groups) < 0 || sys_setresgid(cell->command->gid) < 0)
        return fail(&cell->status, "group", errno, NULL, "Cannot become the group %u", cell->command->gid);
    if (sys_setresuid(cell->command->uid) < 0)
        return fail(&cell->status, "user", errno, NULL, "Cannot become the user %u", cell->command->uid);
    return 0;
}

static int keep_caps(struct cell *cell) {
    if (!cell->command->has_caps)
        return 0;
    struct cap_sets sets;
    if (get_caps(&sets) < 0)
        return fail(&cell->status, "cap-keep", errno, NULL, "Cannot read the capabilities");
    sets.permitted &= cell->command->caps;
    sets.effective &= cell->command->caps;
    sets.inheritable = 0;
    if (set_caps(&sets) < 0)
        return fail(&cell->status, "cap-keep", errno, NULL, "Cannot lower the capabilities");
    return 0;
}

/** The working folder: a home may be missing, a folder that was asked for may not. */
static int enter_folder(struct cell *cell) {
    if (cell->command->cwd == NULL && cell->command->home != NULL && chdir(cell->command->home) == 0)
        return 0;
    if (chdir(cell->command->cwd != NULL ? cell->command->cwd : "/") < 0)
        return fail(&cell->status, "cwd", errno, cell->command->cwd, "Cannot change into the working folder");
    return 0;
}

int drop_privileges(struct cell *cell) {
    if (cell->command->has_caps && bound_caps(cell->command->caps) < 0)
        return fail(&cell->status, "cap-keep", errno, NULL, "Cannot bound the capabilities");
    if (cell->command->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(&cell->status, "no-new-privs", errno, NULL, "Cannot set no_new_privs");
    /*
     * From here on the filter holds for us too; loading it needs CAP_SYS_ADMIN, which the next steps may take. The container's root goes into the folder,
     * whatever the user may then do there: whoever asks has named both.
     */
    if (load_filter(cell) < 0 || set_limits(cell) < 0 || enter_folder(cell) < 0 || (cell->verb == VERB_EXEC && become_user(cell) < 0) || keep_caps(cell) < 0)
        return -1;
    if (cell->command->has_mask)
        umask(cell->command->file_mode_mask);
    /* a change of ids clears it, so it comes after them: without its supervisor a container could not be told from a lost one */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail(&cell->status, "supervisor", errno, NULL, "Cannot ask for the signal of the supervisor's death");
    return 0;
}

static const char *find_env(const struct cell *cell, const char *name) {
    size_t length = strlen(name);
    for (unsigned i = 0; i < cell->command->envc; i++)
        if (strncmp(cell->command->envp[i], name, length) == 0 && cell->command->envp[i][length] == '=')
            return cell->command->envp[i] + length + 1;
    return NULL;
}

/** Tries each folder of PATH. @returns the errno that tells most: EACCES over ENOENT */
static int execute_by_path(struct cell *cell) {
    char full[PATH_MAX];
    const char *path = find_env(cell, "PATH");
    int result = ENOENT;
    for (const char *folder = path != NULL ? path : DEFAULT_PATH;;) {
        int length = (int)strcspn(folder, ":");
        int size = snprintf(full, sizeof full, "%.*s/%s", length, folder, cell->command->argv[0]);
        if (size > 0 && (size_t)size < sizeof full) {
            execve(full, cell->command->argv, cell->command->envp);
            if (errno != ENOENT && errno != ENOTDIR)
                result = errno;
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
                return result;
        }
        if (folder[length] == '\0')
            return result;
        folder += length + 1;
    }
}

_Noreturn void execute(struct cell *cell) {
    /* an end of file instead of this word tells the other side that we died before */
    if (send_step(cell->command->peer, STEP_EXECUTING, 0, -1) < 0)
        _exit(126);
    /* execve would keep what is ignored */
    reset_signals();
    int error;
    if (strchr(cell->command->argv[0], '/') != NULL) {
        execve(cell->command->argv[0], cell->command->argv, cell->command->envp);
        error = errno;
    } else {
        error = *cell->command->argv[0] != '\0' ? execute_by_path(cell) : ENOENT;
    }
    (void)send_step(cell->command->peer, STEP_NOT_EXECUTED, error, -1);
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}
