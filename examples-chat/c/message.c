#include "message.h"

#include <jansson.h>
#include <string.h>
#include <wscodec.h>

enum { MAX_NAME = 32, MAX_TEXT = 2000 };

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- members ---- */

static size_t count_characters(const char *text, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* C0, DEL, and C1, which is c2 80 to c2 9f in UTF-8. */
static bool has_control_character(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f ||
            (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0))
            return true;
    }
    return false;
}

/* Copies a member of `min` to `max` characters, all of which are in `allowed`. */
static bool copy_word(const json_t *value, const char *allowed, size_t min, size_t max,
                      char *to) {
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (!text || len < min || len > max || strspn(text, allowed) != len)
        return false;
    memcpy(to, text, len + 1);
    return true;
}

static bool copy_name(const json_t *value, char *to) {
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (!text || len == 0 || count_characters(text, len) > MAX_NAME ||
        has_control_character(text, len))
        return false;
    memcpy(to, text, len + 1);
    return true;
}

static const char *parse_join(const json_t *object, join_message *join) {
    const json_t *after = json_object_get(object, "after");
    if (!copy_word(json_object_get(object, "room"), LOWER DIGITS "-", 1, 32,
                   join->member.room))
        return "room is invalid";
    if (!copy_name(json_object_get(object, "name"), join->member.name))
        return "name is invalid";
    if (!copy_word(json_object_get(object, "client"), UPPER LOWER DIGITS "-", 8, 64,
                   join->member.client))
        return "client is invalid";
    join->has_after = after != NULL;
    if (after &&
        (!json_is_string(after) ||
         !id_parse(json_string_value(after), json_string_length(after), &join->after)))
        return "after is invalid";
    return NULL;
}

static const char *parse_say(const json_t *object, say_message *say) {
    const json_t *seq = json_object_get(object, "seq");
    const json_t *text = json_object_get(object, "text");
    json_int_t number = json_integer_value(seq);
    if (!json_is_integer(seq) || number < 1 || number > (1LL << 53) - 1)
        return "seq is invalid";
    say->seq = (uint64_t)number;
    say->text = json_string_value(text);
    say->len = json_string_length(text);
    if (!say->text || say->len == 0 || count_characters(say->text, say->len) > MAX_TEXT)
        return "text is invalid";
    return NULL;
}

/* ---- messages ---- */

static bool is_text(const json_t *value, const char *text) {
    return json_is_string(value) && json_string_length(value) == strlen(text) &&
           strcmp(json_string_value(value), text) == 0;
}

static const char *parse_object(const json_t *object, const json_t *type, message *m) {
    if (is_text(type, "join")) {
        m->type = JOIN;
        return parse_join(object, &m->join);
    }
    if (is_text(type, "say")) {
        m->type = SAY;
        return parse_say(object, &m->say);
    }
    return "type is unknown";
}

/* A number that jansson cannot represent is JSON all the same. */
static int code_of(const json_error_t *error) {
    return json_error_code(error) == json_error_numeric_overflow
               ? WS_CLOSE_POLICY
               : WS_CLOSE_INVALID_DATA;
}

int message_parse(const char *data, size_t len, message *m, const char **why) {
    json_error_t error;
    json_t *json = json_loadb(data, len, JSON_ALLOW_NUL, &error);
    const json_t *type = json_object_get(json, "type");
    *m = (message){.json = json};
    *why = NULL;
    if (!json) {
        *why = "not JSON";
        return code_of(&error);
    }
    if (!type) {
        *why = json_is_object(json) ? "no type" : "not an object";
        return WS_CLOSE_INVALID_DATA;
    }
    *why = parse_object(json, type, m);
    return *why ? WS_CLOSE_POLICY : 0;
}

void message_free(message *m) {
    json_decref(m->json);
    m->json = NULL;
}

/* ---- what is stored ---- */

/* Returns the text without the brace at its start. */
static char *dump_members(json_t *object) {
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text)
        memmove(text, text + 1, strlen(text));
    return text;
}

char *member_json(const member *of) {
    return dump_members(
        json_pack("{s:s, s:s}", "client", of->client, "name", of->name));
}

char *said_json(const member *by, const say_message *said) {
    return dump_members(json_pack("{s:s, s:I, s:s, s:s%}", "client", by->client, "seq",
                                  (json_int_t)said->seq, "name", by->name, "text",
                                  said->text, said->len));
}
