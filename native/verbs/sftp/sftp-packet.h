/* Packets of SFTP: what is read of one is bounded by its length, what is written by the room of an answer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
    SFTP_PACKET_MAX = 256 * 1024 + 1024, /* the data of a read or write, and what is around it */
    SFTP_DATA_MAX = 256 * 1024,
};

/** What is left of a packet; `bad` when it held less than was asked for. */
struct sftp_in {
    const unsigned char *at;
    size_t left;
    bool bad;
};

uint32_t sftp_take_u32(struct sftp_in *in);
uint64_t sftp_take_u64(struct sftp_in *in);
/** The bytes of a string, within the packet. */
const unsigned char *sftp_take_bytes(struct sftp_in *in, size_t *size);
/** A string as text ended by NUL; one that holds NUL, or more than room takes, makes the packet bad. */
void sftp_take_text(struct sftp_in *in, char *text, size_t room);

enum { ATTR_SIZE = 1, ATTR_OWNER = 2, ATTR_MODE = 4, ATTR_TIMES = 8 };
#define ATTR_EXTENDED 0x80000000u

struct sftp_attributes {
    uint32_t flags, uid, gid, mode, atime, mtime;
    uint64_t size;
};
void sftp_take_attributes(struct sftp_in *in, struct sftp_attributes *attributes);

/** An answer that is being written; its length comes first. */
struct sftp_out {
    unsigned char *bytes; /* SFTP_PACKET_MAX of them */
    size_t size;
};

void sftp_begin(struct sftp_out *out, uint8_t type, uint32_t id);
void sftp_add_u32(struct sftp_out *out, uint32_t value);
void sftp_add_u64(struct sftp_out *out, uint64_t value);
void sftp_add_bytes(struct sftp_out *out, const void *bytes, size_t size);
void sftp_add_text(struct sftp_out *out, const char *text);
void sftp_add_attributes(struct sftp_out *out, const struct stat *about);
/** Writes a number over one that was added before. */
void sftp_set_u32(struct sftp_out *out, size_t at, uint32_t value);
/** Sets the length, after all that was added. */
void sftp_finish(struct sftp_out *out);
