/*
 * Looks without pause at the descriptors, folders and environment of every other process that it sees, and prints each thing once that is not a pipe, a socket,
 * the null device or of the container. Runs until it is killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char seen[256][256];
static int count;

static void note(const char *what, const char *text) {
    char line[256];
    snprintf(line, sizeof line, "%s %.200s", what, text);
    for (int i = 0; i < count; i++)
        if (strcmp(seen[i], line) == 0)
            return;
    if (count < 256)
        strcpy(seen[count++], line);
    printf("%s\n", line);
    fflush(stdout);
}

static void look(const char *pid, const char *name) {
    char path[128], target[256];
    snprintf(path, sizeof path, "/proc/%.20s/%.40s", pid, name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return;
    target[length] = '\0';
    /* what is numbered is told by its kind */
    char *colon = strchr(target, ':');
    if (colon != NULL && colon[1] == '[' && strncmp(target, "anon_inode", 10) != 0)
        *colon = '\0';
    note(strncmp(name, "fd/", 3) == 0 ? "fd" : name, target);
}

int main(void) {
    for (;;) {
        DIR *processes = opendir("/proc");
        for (struct dirent *process; (process = readdir(processes)) != NULL;) {
            char folder[64], name[64];
            if (process->d_name[0] < '1' || process->d_name[0] > '9' || atoi(process->d_name) == getpid() || atoi(process->d_name) == 1)
                continue;
            look(process->d_name, "cwd");
            look(process->d_name, "root");
            snprintf(folder, sizeof folder, "/proc/%.20s/fd", process->d_name);
            DIR *descriptors = opendir(folder);
            if (descriptors == NULL)
                continue;
            for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;) {
                snprintf(name, sizeof name, "fd/%.32s", entry->d_name);
                look(process->d_name, name);
            }
            closedir(descriptors);
        }
        closedir(processes);
    }
}
