/* What a client says, in JSON. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream_id.h"

enum { MAX_MESSAGE = 8192, ROOM_TEXT = 33, CLIENT_TEXT = 65, NAME_TEXT = 4 * 32 + 1 };

typedef struct member {
    char room[ROOM_TEXT], client[CLIENT_TEXT], name[NAME_TEXT];
} member;

typedef struct join_message {
    member member;
    bool has_after;
    stream_id after;
} join_message;

typedef struct say_message {
    uint64_t seq;
    const char *text; /* until message_free() */
    size_t len;
} say_message;

typedef struct message {
    enum { JOIN, SAY } type;
    join_message join;
    say_message say;
    void *json;
} message;

/* Reads a message. Returns 0, or the code to close with, and why. */
int message_parse(const char *data, size_t len, message *m, const char **why);
void message_free(message *m);

/* The members "client" and "name" of JSON, with a closing brace. To be freed. */
char *member_json(const member *of);

/* The message from "client" on, with a closing brace. To be freed. */
char *said_json(const member *by, const say_message *said);

#endif
