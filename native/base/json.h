/* Builds one JSON line in memory that grows, handing it on in pieces when it is long. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *text;
    size_t length, capacity;
    int fd; /* long output is written here as it grows; -1 keeps all of it in memory */
    char last; /* the last byte given, wherever it is now: tells json_key whether a comma is due */
    bool failed; /* memory ran out, or a write failed; nothing is added any more */
};

/** Text as it is: punctuation, numbers, words known to need no escape. */
void json_raw(struct json *json, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** JSON that is made already, of any length. */
void json_verbatim(struct json *json, const char *text);
/** A quoted string, escaped; bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *text);
/** `"key":` preceded by a comma unless an object or array just began. */
void json_key(struct json *json, const char *key);
void json_string_field(struct json *json, const char *key, const char *value);
void json_number_field(struct json *json, const char *key, uint64_t value);
void json_bool_field(struct json *json, const char *key, bool value);
/** Ends the line, writes what is left and frees the memory; without fd the text stays, the caller's to free. @returns 0, or -1 when it failed */
int json_finish(struct json *json);
