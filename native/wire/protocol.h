/*
 * What daemon and helper say to each other (docs/native-protocol.md), and what the helper's own processes say to each other.
 *
 *     daemon              spawner            supervisor (S)            intermediary (I)          first process (C)
 *       |-- connect, request ->| fork ------------->|                        |                        |
 *       |                      |                    | host side of the ops   |                        |
 *       |                      |                    |-- clone(VM, VFORK) --->| setns(user)            |
 *       |                      |                    |                        |-- clone3(PARENT) ----->| waits for nothing
 *       |                      |                    |<- in memory: C's pid --| leaves                 | joins v1 groups, unshare(cgroup)
 *       |                      |                    | makes nics in C's netns|                        | lays mounts out
 *       |                      |                    |<- LOCK, how many --------------------------------|
 *       |                      |                    |-- NETWORK -------------------------------------->| links up
 *       |                      |                    | copies C's mount ns    |                        |
 *       |                      |                    |-- LOCK + mount, for each ----------------------->| inner side of the ops
 *       |                      |                    |<- CONSOLE + master ------------------------------|
 *       |                      |                    |<- FAILED line --- or --- EXECUTING --------------| pivot, drops privileges, exec
 *       |                      |                    |<- end of file (closed by exec) ------------------|
 *       |<--------------- {"started":...} ---------|                        x                        |
 *
 * exec has the same messages but NETWORK and LOCK: the enterer is S and never enters itself, I is put into the control group and then enters
 * the namespaces and says C's pid on a pair of its own, as CREATED, C is the command's process. C never waits for a message after EXECUTING, and S believes nothing from C beyond the
 * length and the kind of a message.
 */
#pragma once

/*
 * What a supervisor speaks; it goes up by one whenever a daemon of before would misread what is said or done. 0 said no version at all: its container's processes
 * are in the group that carries the limits, and the guest owns it. 1 knew no
 * word `console`.
 */
enum { PROTOCOL_VERSION = 2 };

enum verb { VERB_START = 1, VERB_EXEC = 2, VERB_FILE = 4, VERB_NET_STATE = 8, VERB_RUN = 16, VERB_PLUG = 32, VERB_END = 64, VERB_AWAIT = 128, VERB_REMOVE = 256, VERB_PROXY = 512, VERB_SFTP = 1024, VERB_GUEST_API = 2048, VERB_PEERS = 4096, VERB_PROJECT = 8192 };

enum step {
    STEP_CREATED = 1,  /* I to S: the pid of C, as S sees it */
    STEP_LOCK,         /* C to S: so many mounts are laid out; S to C, once each: the number of one, and its locked clone comes with it */
    STEP_NETWORK,      /* S to C: the nics are there */
    STEP_CONSOLE,      /* C to S: the master of the console's pty comes with it */
    STEP_FAILED,       /* C to S: an error line */
    STEP_EXECUTING,    /* C to S: the next thing is execve; end of file means that it succeeded */
    STEP_NOT_EXECUTED, /* C to S: the errno of execve */
    STEP_LISTENER,     /* a proxy's placer to its keeper: the number of a listener, and its socket comes with it */
    STEP_CALLS,        /* C to S: where calls that its filter hands over wait for answers comes with it; the same from E to S, and from S to the helper with a number */
};

enum {
    REQUEST_SIZE_MAX = 1024 * 1024,
    REQUEST_WORDS_MAX = 64 * 1024,
    ERROR_LINE_MAX = 16 * 1024,
    ID_LINES_MAX = 64,
    WATCHERS_MAX = 64,
    COMMAND_LINE_MAX = 64, /* "resize 65535 65535" and the like */
};
