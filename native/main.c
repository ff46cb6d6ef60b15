/* bothy-cell: what asks the kernel for isolation. The roles, and nothing else; docs/native-protocol.md says what each does. */
#include <stdio.h>
#include <string.h>

#include "base/sealed.h"
#include "base/sys.h"
#include "base/util.h"
#include "security/confine.h"
#include "verbs/bind.h"
#include "verbs/enter.h"
#include "verbs/hold.h"
#include "verbs/probe/probe.h"
#include "verbs/project.h"
#include "verbs/remove/remove.h"
#include "wire/spawner.h"

static int spawner_role(int argc, char **argv) {
    if (argc != 4 || strcmp(argv[2], "--socket") != 0) {
        fputs("usage: bothy-cell spawner --socket PATH\n", stderr);
        return 2;
    }
    bool is_sealed = run_from_sealed_copy(argv);
    /* what the daemon let slip would be held by every supervisor for the life of its container */
    sys_close_range(STDERR_FILENO + 1, ~0U, 0);
    return run_spawner(argv[3], is_sealed);
}

static int probe_role(int argc, char **argv) {
    if (argc > 3) {
        fputs("usage: bothy-cell probe [FOLDER]\n", stderr);
        return 2;
    }
    return run_probe(argc == 3 ? argv[2] : "/var/lib");
}

/** The first process of a container that is there to be entered: the doctor's. */
static int idle_role(int argc, char **argv) {
    (void)argc;
    (void)argv;
    /* every return of it is a signal */
    while (pause() < 0)
        ;
    return 1;
}

static int project_role(int argc, char **argv) {
    if (argc != 3 && (argc != 5 || (strcmp(argv[3], "make") != 0 && strcmp(argv[3], "limit") != 0))) {
        fputs("usage: bothy-cell project FOLDER [make|limit BYTES]\n", stderr);
        return 2;
    }
    return run_project(argc - 2, argv + 2);
}

static int remove_role(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: bothy-cell remove PATH\n", stderr);
        return 2;
    }
    return run_remove(argv[2]);
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} roles[] = {
    {"bind", run_bind},
    {"confine", run_confine},
    {"enter", run_enter},
    {"hold", run_hold},
    {"idle", idle_role},
    {"probe", probe_role},
    {"project", project_role},
    {"remove", remove_role},
    {"spawner", spawner_role},
};

int main(int argc, char **argv) {
    remember_arguments(argc, argv);
    for (size_t i = 0; argc > 1 && i < COUNT_OF(roles); i++)
        if (strcmp(argv[1], roles[i].name) == 0)
            return roles[i].run(argc, argv);
    fputs("usage: bothy-cell spawner --socket PATH\n       bothy-cell probe [FOLDER]\n       bothy-cell project FOLDER [make|limit BYTES]\n       bothy-cell remove PATH\n       bothy-cell bind [shared] SOURCE PLACE [SOURCE PLACE]...\n       bothy-cell idle\n       bothy-cell hold FILE UID-LINES GID-LINES [groups]\n       bothy-cell enter HOLDER SOCKET -- PROGRAM [ARGUMENT]...\n"
          "       bothy-cell confine [OPTION]... -- PROGRAM [ARGUMENT]...\n", stderr);
    return 2;
}
