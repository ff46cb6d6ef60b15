/* See sftp-packet.h. Numbers are big-endian. */
#include "verbs/sftp/sftp-packet.h"

#include <stdlib.h>
#include <string.h>

static uint64_t take_number(struct sftp_in *in, size_t size) {
    if (in->bad || in->left < size) {
        in->bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | in->at[i];
    in->at += size;
    in->left -= size;
    return value;
}

uint32_t sftp_take_u32(struct sftp_in *in) {
    return (uint32_t)take_number(in, 4);
}

uint64_t sftp_take_u64(struct sftp_in *in) {
    return take_number(in, 8);
}

const unsigned char *sftp_take_bytes(struct sftp_in *in, size_t *size) {
    const uint32_t length = sftp_take_u32(in);
    if (in->bad || length > in->left) {
        in->bad = true;
        *size = 0;
        return in->at;
    }
    const unsigned char *bytes = in->at;
    in->at += length;
    in->left -= length;
    *size = length;
    return bytes;
}

void sftp_take_text(struct sftp_in *in, char *text, size_t room) {
    size_t size;
    const unsigned char *bytes = sftp_take_bytes(in, &size);
    if (in->bad || size >= room || memchr(bytes, '\0', size) != NULL) {
        in->bad = true;
        size = 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
}

void sftp_take_attributes(struct sftp_in *in, struct sftp_attributes *attributes) {
    memset(attributes, 0, sizeof *attributes);
    attributes->flags = sftp_take_u32(in);
    if (attributes->flags & ATTR_SIZE)
        attributes->size = sftp_take_u64(in);
    if (attributes->flags & ATTR_OWNER) {
        attributes->uid = sftp_take_u32(in);
        attributes->gid = sftp_take_u32(in);
    }
    if (attributes->flags & ATTR_MODE)
        attributes->mode = sftp_take_u32(in) & 07777;
    if (attributes->flags & ATTR_TIMES) {
        attributes->atime = sftp_take_u32(in);
        attributes->mtime = sftp_take_u32(in);
    }
    if ((attributes->flags & ATTR_EXTENDED) == 0)
        return;
    size_t size;
    /* each takes eight bytes at least, so their count is bounded by the packet */
    for (uint32_t count = sftp_take_u32(in); count > 0 && !in->bad; count--) {
        sftp_take_bytes(in, &size);
        sftp_take_bytes(in, &size);
    }
}

void sftp_add_bytes(struct sftp_out *out, const void *bytes, size_t size) {
    /* callers bound what they add; one that did not must not go past the room */
    if (size > SFTP_PACKET_MAX - out->size)
        abort();
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

void sftp_add_u32(struct sftp_out *out, uint32_t value) {
    const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16), (unsigned char)(value >> 8), (unsigned char)value};
    sftp_add_bytes(out, bytes, sizeof bytes);
}

void sftp_add_u64(struct sftp_out *out, uint64_t value) {
    sftp_add_u32(out, (uint32_t)(value >> 32));
    sftp_add_u32(out, (uint32_t)value);
}

void sftp_add_text(struct sftp_out *out, const char *text) {
    const size_t size = strlen(text);
    sftp_add_u32(out, (uint32_t)size);
    sftp_add_bytes(out, text, size);
}

void sftp_add_attributes(struct sftp_out *out, const struct stat *about) {
    sftp_add_u32(out, ATTR_SIZE | ATTR_OWNER | ATTR_MODE | ATTR_TIMES);
    sftp_add_u64(out, (uint64_t)about->st_size);
    sftp_add_u32(out, about->st_uid);
    sftp_add_u32(out, about->st_gid);
    sftp_add_u32(out, about->st_mode);
    sftp_add_u32(out, (uint32_t)about->st_atime);
    sftp_add_u32(out, (uint32_t)about->st_mtime);
}

void sftp_set_u32(struct sftp_out *out, size_t at, uint32_t value) {
    const size_t size = out->size;
    out->size = at;
    sftp_add_u32(out, value);
    out->size = size;
}

void sftp_begin(struct sftp_out *out, uint8_t type, uint32_t id) {
    out->size = 0;
    sftp_add_u32(out, 0);
    sftp_add_bytes(out, &type, 1);
    sftp_add_u32(out, id);
}

void sftp_finish(struct sftp_out *out) {
    sftp_set_u32(out, 0, (uint32_t)out->size - 4);
}
