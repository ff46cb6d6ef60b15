/* See json.h. */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum { FLUSH_AT = 4096 };

static void append(struct json *json, const char *bytes, size_t count) {
    if (count == 0 || json->failed)
        return;
    if (json->length + count + 1 > json->capacity) {
        size_t capacity = (json->length + count + 1) * 2;
        char *grown = realloc(json->text, capacity);
        if (grown == NULL) {
            json->failed = true;
            return;
        }
        json->text = grown;
        json->capacity = capacity;
    }
    memcpy(json->text + json->length, bytes, count);
    json->length += count;
    json->text[json->length] = '\0';
    json->last = bytes[count - 1];
    if (json->fd >= 0 && json->length >= FLUSH_AT) {
        if (write_all(json->fd, json->text, json->length) < 0)
            json->failed = true;
        json->length = 0;
    }
}

void json_raw(struct json *json, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        append(json, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void json_verbatim(struct json *json, const char *text) {
    append(json, text, strlen(text));
}

/** Length of the well-formed UTF-8 sequence at text, 0 when it is none (overlong forms, surrogates, cut ends). */
static size_t utf8_length(const unsigned char *text) {
    static const struct {
        unsigned char first, last, second_first, second_last, length;
    } forms[] = {
        {0x20, 0x7f, 0, 0, 1},          {0xc2, 0xdf, 0x80, 0xbf, 2},    {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},    {0xed, 0xed, 0x80, 0x9f, 3},    {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},    {0xf1, 0xf3, 0x80, 0xbf, 4},    {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].length > 1 && (text[1] < forms[i].second_first || text[1] > forms[i].second_last))
            return 0;
        for (size_t at = 2; at < forms[i].length; at++)
            if (text[at] < 0x80 || text[at] > 0xbf)
                return 0;
        return forms[i].length;
    }
    return 0;
}

void json_string(struct json *json, const char *text) {
    append(json, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = utf8_length(at);
        if (*at == '"' || *at == '\\')
            json_raw(json, "\\%c", *at);
        else if (*at < 0x20)
            json_raw(json, "\\u%04x", *at);
        else if (length == 0)
            append(json, "\xef\xbf\xbd", 3);
        else
            append(json, (const char *)at, length);
        at += length > 0 ? length : 1;
    }
    append(json, "\"", 1);
}

void json_key(struct json *json, const char *key) {
    if (json->last != '{' && json->last != '[' && json->last != '\0')
        append(json, ",", 1);
    json_string(json, key);
    append(json, ":", 1);
}

void json_string_field(struct json *json, const char *key, const char *value) {
    json_key(json, key);
    json_string(json, value);
}

void json_number_field(struct json *json, const char *key, uint64_t value) {
    json_key(json, key);
    json_raw(json, "%llu", (unsigned long long)value);
}

void json_bool_field(struct json *json, const char *key, bool value) {
    json_key(json, key);
    json_raw(json, value ? "true" : "false");
}

int json_finish(struct json *json) {
    append(json, "\n", 1);
    if (json->fd >= 0 && json->length > 0 && !json->failed && write_all(json->fd, json->text, json->length) < 0)
        json->failed = true;
    if (json->fd >= 0) {
        free(json->text);
        json->text = NULL;
    }
    return json->failed ? -1 : 0;
}
