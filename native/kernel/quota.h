/* Project quotas of a file system, by one of its folders: quotactl_fd(2), FS_IOC_FSSETXATTR. The same calls serve ext4 and xfs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct project {
    uint32_t id;          /* 0: none that what is made in the folder inherits */
    bool own;             /* its id is one of those that we give */
    uint64_t used, limit; /* bytes; a limit of 0 is none */
};

/** Whether the file system counts projects and holds to their limits, and folders of it can have one. */
bool has_projects(int folder);
/** What project a folder has, and how much is in it. @returns 0, or -1 with errno */
int read_project(int folder, struct project *project);
/** Bounds a project. @param bytes 0 for no bound @returns 0, or -1 with errno */
int limit_project(int folder, uint32_t id, uint64_t bytes);
/**
 * Gives an empty folder a project that nothing is of, and its limit first: at no time is it unbounded. What is made in it inherits the project. Callers that may ask at
 * the same time wait for each other. @returns 0, or -1 with errno (EUSERS when no id is free)
 */
int make_project(int folder, uint64_t bytes);
