/* Keeps what a process writes in a file of the host, up to a bound. The process gets a pipe: a descriptor of the file itself would let it fill the disk. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct record {
    int from, file; /* owned; -1 when the process has closed its end, when the file takes no more */
    uint64_t left;  /* bytes that the file still takes */
};

/** @param from read end of the pipe, and the file: both become owned. @returns 0, or -1 with errno */
int record_begin(struct record *record, int from, int file, uint64_t max);
/** What to wait for. */
struct pollfd record_poll(const struct record *record);
/** Moves what is there, at most a few pipes full, without waiting. Past the bound the file gets one line that says so, and the rest goes nowhere. */
void record_move(struct record *record);
/** Goes on until nobody holds the writing end any more. */
void record_to_end(struct record *records, int count);
