/* See run.h. */
#include "verbs/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"
#include "base/json.h"
#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/limits.h"
#include "kernel/rootfs.h"
#include "kernel/userns.h"
#include "security/command.h"
#include "wire/ops.h"
#include "wire/request.h"

enum { STDERR_KEPT = 4096, PIPE_READS_MAX = 64 }; /* a pipe holds 16 such reads */

void begin_run(struct cell *cell, size_t room) {
    struct run_request *run = cell->own = request_memory(cell, sizeof *run);
    *run = (struct run_request){.container = EMPTY_CONTAINER};
    cell->container = &run->container;
    cell->root = &run->root;
    cell->command = begin_command(cell, &run->command, room);
}

int take_at(struct cell *cell, struct op *op) {
    run_of(cell)->at = op->word[0];
    return 0;
}

int take_input(struct cell *cell, struct op *op) {
    run_of(cell)->input = op->word[0];
    return 0;
}

int take_output(struct cell *cell, struct op *op) {
    (void)op;
    run_of(cell)->keeps_output = true;
    return 0;
}

static int check_request(struct cell *cell) {
    bool has_root = cell->root->kind != ROOT_NONE;
    if ((run_of(cell)->at != NULL) != has_root || cell->command->argc == 0)
        return fail(&cell->status, "run", EINVAL, NULL, "Cannot run: the root, the folder to mount at or the program is missing");
    return 0;
}

/** Mounts the root for this process and its children only. */
static int mount_here(struct cell *cell) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail(&cell->status, "run", errno, NULL, "Cannot make a private mount namespace");
    if (sys_move_mount(cell->container->root_fd, "", AT_FDCWD, run_of(cell)->at, MOVE_FROM_EMPTY) < 0)
        return fail(&cell->status, "at", errno, run_of(cell)->at, "Cannot mount the root at the folder");
    close_now(&cell->container->root_fd);
    return 0;
}

static const struct phase phases[] = {
    {"request", check_request},
    {"user namespace", make_userns},
    {"root", build_root},
    {"mounts", mount_here},
};

/* The last bytes that a program said. */
struct tail {
    char bytes[2 * STDERR_KEPT + 1];
    size_t length;
};

/** @returns how much was read, 0 at its end, or -1 with errno */
static ssize_t read_tail(struct tail *tail, int fd) {
    if (tail->length > STDERR_KEPT) {
        memmove(tail->bytes, tail->bytes + tail->length - STDERR_KEPT, STDERR_KEPT);
        tail->length = STDERR_KEPT;
    }
    ssize_t got = read(fd, tail->bytes + tail->length, STDERR_KEPT);
    if (got > 0)
        tail->length += (size_t)got;
    return got;
}

struct program {
    const struct command *command;
    int error_pipe;
    int input, output; /* files in memory: a program neither waits for us nor we for it; -1 for none */
};

static int be_program(void *context) {
    const struct program *self = context;
    char **argv = self->command->argv;
    int null = open("/dev/null", O_RDWR);
    /* a group of its own, so that all of a pipeline can be ended */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int input = self->input < 0 ? null : self->input;
    int output = self->output < 0 ? null : self->output;
    if (null < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(self->error_pipe, 2) < 0 || sys_close_range(3, ~0U, 0) < 0)
        return 126;
    reset_signals();
    unshield_from_oom();
    /* ext4 would let it write beyond the quota of what it fills; a caller that may not give it up has not got it either */
    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0);
    setenv("PATH", DEFAULT_PATH, 1);
    execvp(argv[0], argv);
    dprintf(2, "Cannot execute \"%s\": %s\n", argv[0], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}

/** Follows the program to its end; kills its group when the caller leaves. */
static void attend(struct cell *cell, pid_t program, int program_fd, int errors, struct tail *tail) {
    struct pollfd polled[] = {{.fd = cell->conn, .events = POLLIN}, {.fd = program_fd, .events = POLLIN}, {.fd = errors, .events = POLLIN}};
    while (polled[1].revents == 0) {
        if (poll(polled, COUNT_OF(polled), -1) < 0)
            continue;
        char byte;
        if (polled[0].revents != 0 && recv(cell->conn, &byte, 1, MSG_DONTWAIT) <= 0) {
            kill(-program, SIGKILL);
            polled[0].fd = -1;
        }
        if (polled[2].revents != 0 && read_tail(tail, errors) == 0)
            polled[2].fd = -1;
    }
    /* what it said last is in the pipe already; a child that outlives it may hold the pipe open, and is not waited for */
    int flags = fcntl(errors, F_GETFL);
    fcntl(errors, F_SETFL, flags | O_NONBLOCK);
    for (int reads = 0; reads < PIPE_READS_MAX && read_tail(tail, errors) > 0; reads++)
        ;
    kill(-program, SIGKILL);
}

/** Makes the files in memory that stand behind the program's input and output. */
static int make_files(struct cell *cell, int *input, int *output) {
    const struct run_request *run = run_of(cell);
    if (run->input != NULL) {
        *input = memfd_create("input", MFD_CLOEXEC);
        if (*input < 0 || write_all(*input, run->input, strlen(run->input)) < 0 || lseek(*input, 0, SEEK_SET) < 0)
            return fail(&cell->status, "input", errno, NULL, "Cannot keep the input of the program");
    }
    if (run->keeps_output) {
        *output = memfd_create("output", MFD_CLOEXEC);
        if (*output < 0)
            return fail(&cell->status, "output", errno, NULL, "Cannot keep the output of the program");
    }
    return 0;
}

/** Sends what the program has printed, behind the line that tells how much that is. */
static int send_output(int conn, int output, off_t left) {
    for (off_t at = 0; left > 0;) {
        ssize_t sent = sendfile(conn, output, &at, (size_t)left);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        left -= sent;
    }
    return 0;
}

static int run_program(struct cell *cell) {
    int ends[2];
    cleanup_fd int input = -1, output = -1;
    if (make_files(cell, &input, &output) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(&cell->status, "run", errno, NULL, "Cannot make a pipe");
    cleanup_fd int errors = ends[0];
    struct program wanted = {.command = cell->command, .error_pipe = ends[1], .input = input, .output = output};
    pid_t program = fork_child(be_program, &wanted);
    close(ends[1]);
    if (program < 0)
        return fail(&cell->status, "run", errno, NULL, "Cannot fork");
    setpgid(program, program);
    cleanup_fd int program_fd = sys_pidfd_open(program);
    cleanup_free struct tail *tail = must_alloc(sizeof *tail);
    attend(cell, program, program_fd, errors, tail);
    siginfo_t ended = reap_child(program);
    size_t skip = tail->length > STDERR_KEPT ? tail->length - STDERR_KEPT : 0;
    tail->bytes[tail->length] = '\0';
    struct json json = {.fd = cell->conn};
    json_raw(&json, "{\"exited\":{\"%s\":%d}", ended.si_code == CLD_EXITED ? "code" : "signal", ended.si_status);
    json_string_field(&json, "stderr", tail->bytes + skip);
    off_t printed = output < 0 ? 0 : lseek(output, 0, SEEK_END);
    if (output >= 0)
        json_number_field(&json, "stdout", printed > 0 ? (uint64_t)printed : 0);
    json_raw(&json, "}");
    /* a caller that has left gets nothing more */
    if (json_finish(&json) == 0)
        send_output(cell->conn, output, printed);
    return 0;
}

void serve_run(struct cell *cell) {
    set_title("bothy run", "");
    /* without a root there is only the request to look at */
    int result = run_phases(cell, phases, cell->root->kind == ROOT_NONE ? 1 : COUNT_OF(phases));
    cell->status.phase = "run";
    if (result < 0 || run_program(cell) < 0)
        answer_error(&cell->status, cell->conn);
}
