#include "join.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "options.h"
#include "output.h"
#include "presence.h"
#include "room.h"
#include "websocket.h"
#include "worker.h"

#define RECENT "50" /* messages that a new client gets */

struct join {
    client *client;   /* NULL: it has gone */
    unsigned pending; /* replies that are awaited */
    bool failed;      /* one of them was an error */
    bool has_after;
    bool gap;
    bool too_often; /* waits until the client may join again */
    bool paused;    /* the next page is read when the client has read this one */
    stream_id after, newest;
    stream_id seen_before; /* room_newest() when the read started */
    stream_id read; /* the last entry that was read: if it goes, others may be lost */
    buffer members;
    int64_t deadline;
};

static redis_link *link_of(const join *j) {
    return &j->client->worker->redis;
}

/* ---- start and end ---- */

static void free_join(join *j) {
    release(&j->members);
    free(j);
}

void join_cancel(join *j) {
    j->client->join = NULL;
    j->client = NULL;
    if (j->pending == 0)
        free_join(j);
}

static void give_up(client *c, const char *why) {
    client_close(c, WS_CLOSE_TRY_AGAIN_LATER, why);
}

static const char UNREADABLE[] = "the room cannot be read now";

/* Counts a reply; another type is a failure. Returns false if the client has gone. */
static bool count_reply(join *j, const redisReply *reply, int type) {
    j->pending--;
    j->failed |= !reply || reply->type != type;
    if (j->client)
        return true;
    if (j->pending == 0)
        free_join(j);
    return false;
}

/* A step has failed. While the link is down, it is repeated later. */
static void repeat_or_give_up(join *j) {
    if (link_is_up(link_of(j)))
        give_up(j->client, UNREADABLE);
}

static void finish(join *j) {
    client *c = j->client;
    room_make_live(c);
    c->join = NULL;
    free_join(j);
    client_continue(c);
}

/* ---- the messages ---- */

static void send_entry(join *j, const redisReply *entry, buffer *text) {
    client *c = j->client;
    stream_id id;
    if (!entry_id(entry, &id) || !id_greater(id, c->last))
        return;
    c->last = j->read = id;
    if (entry_text(entry, text))
        client_send_text(c, (const char *)text->data, text->len);
}

static void read_page(join *j);

/* The client has all that this read could return. */
static void after_last_page(join *j) {
    if (id_greater(room_newest(j->client->room),
                   id_max(j->client->last, j->seen_before)))
        read_page(j);
    else
        finish(j);
}

static void on_page(worker *w, redisReply *reply, void *data) {
    (void)w;
    join *j = data;
    buffer text = {0};
    if (!count_reply(j, reply, REDIS_REPLY_ARRAY))
        return;
    if (j->failed) {
        repeat_or_give_up(j);
        return;
    }
    if (!stream_follows(reply, j->read)) {
        give_up(j->client, "messages may be lost");
        return;
    }
    for (size_t i = 0; i < reply->elements && j->client; i++)
        send_entry(j, reply->element[i], &text);
    release(&text);
    if (!j->client)
        return;
    j->paused = reply->elements == PAGE_SIZE;
    if (j->paused)
        client_update_later(j->client); /* it calls join_output_sent() */
    else
        after_last_page(j);
}

/* From the newest to the oldest. */
static void on_recent(worker *w, redisReply *reply, void *data) {
    (void)w;
    join *j = data;
    buffer text = {0};
    if (!count_reply(j, reply, REDIS_REPLY_ARRAY))
        return;
    if (j->failed) {
        repeat_or_give_up(j);
        return;
    }
    for (size_t i = reply->elements; i-- > 0 && j->client;)
        send_entry(j, reply->element[i], &text);
    release(&text);
    if (j->client)
        after_last_page(j);
}

static void read_page(join *j) {
    j->pending++;
    j->failed = false;
    j->seen_before = room_newest(j->client->room);
    stream_read_from(j->client->room, j->client->last, on_page, j);
}

/* Asks for so many entries from `from` back to `to`. */
static void read_back(join *j, const char *from, const char *to, const char *count,
                      reply_function *on_reply) {
    char key[KEY_TEXT];
    arguments a = {0};
    room_key(j->client->room->name, ":log", key);
    arguments_add_text(&a, "XREVRANGE");
    arguments_add_text(&a, key);
    arguments_add_text(&a, from);
    arguments_add_text(&a, to);
    arguments_add_text(&a, "COUNT");
    arguments_add_text(&a, count);
    link_command(link_of(j), on_reply, j, a.count, a.text, a.len);
}

static void read_recent(join *j) {
    j->pending++;
    j->failed = false;
    j->seen_before = room_newest(j->client->room);
    read_back(j, "+", "-", RECENT, on_recent);
}

/* An `after` beyond the end was invented, or Redis has lost messages: the client gets
 * all that is new. */
static void start_reading(join *j) {
    if (j->has_after) {
        j->client->last = id_greater(j->after, j->newest) ? j->newest : j->after;
        if (!j->gap)
            j->read = j->client->last;
        read_page(j);
    } else {
        read_recent(j);
    }
}

/* ---- joined ---- */

static bool append_text(buffer *b, const char *text) {
    return append(b, text, strlen(text));
}

static void send_joined(join *j) {
    client *c = j->client;
    buffer text = {0};
    char start[128], end[128];
    snprintf(start, sizeof start, "{\"type\":\"joined\",\"room\":\"%s\",",
             c->room->name);
    snprintf(end, sizeof end, ",\"server\":\"%s\",\"gap\":%s}", options.name,
             j->gap ? "true" : "false");
    bool fits = append_text(&text, start) &&
                append(&text, j->members.data, j->members.len) &&
                append_text(&text, end);
    if (fits)
        client_send_text(c, (const char *)text.data, text.len);
    else
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
    release(&text);
}

static void on_asked(join *j) {
    client *c = j->client;
    if (j->failed) {
        repeat_or_give_up(j);
        return;
    }
    send_joined(j);
    if (c->join)
        send_held(c, &c->held);
    if (!c->join)
        return; /* the client was given up */
    c->present = true;
    log_event(LOG_INFO, "joined", c, NO_FIELDS);
    start_reading(j);
}

static void on_members(worker *w, redisReply *reply, void *data) {
    (void)w;
    join *j = data;
    if (!count_reply(j, reply, REDIS_REPLY_ARRAY))
        return;
    j->members.len = 0;
    if (!j->failed && !append_members(&j->members, reply))
        j->failed = true;
    if (j->pending == 0)
        on_asked(j);
}

static void on_newest(worker *w, redisReply *reply, void *data) {
    (void)w;
    join *j = data;
    if (!count_reply(j, reply, REDIS_REPLY_ARRAY))
        return;
    j->newest = (stream_id){0, 0};
    if (!j->failed && reply->elements == 1 && reply->element[0]->elements == 2)
        id_parse(reply->element[0]->element[0]->str, reply->element[0]->element[0]->len,
                 &j->newest);
}

/* Entries are removed from the oldest on: if this one is left, so is all that came
 * later. */
static void on_after(worker *w, redisReply *reply, void *data) {
    (void)w;
    join *j = data;
    if (!count_reply(j, reply, REDIS_REPLY_ARRAY))
        return;
    j->gap = !j->failed && reply->elements == 0;
}

static void on_entered(worker *w, redisReply *reply, void *data) {
    (void)w;
    count_reply(data, reply, REDIS_REPLY_NIL);
}

/* The replies arrive in this order. */
static void ask(join *j) {
    client *c = j->client;
    char after[STREAM_ID_TEXT];
    id_text(j->after, after);
    j->failed = false;
    j->pending = j->has_after ? 4 : 2;
    presence_enter(c, false, on_entered, j);
    if (j->has_after) {
        read_back(j, "+", "-", "1", on_newest);
        read_back(j, after, after, "1", on_after);
    }
    presence_list(c->room, on_members, j);
}

/* ---- going on ---- */

void join_continue(join *j) {
    client *c = j->client;
    if (j->pending > 0 || j->paused || j->too_often || c->room->state == SUBSCRIBING ||
        !link_is_up(link_of(j)))
        return;
    if (!c->present)
        ask(j);
    else if (j->has_after || c->last.ms > 0)
        read_page(j);
    else
        read_recent(j);
}

void join_output_sent(join *j) {
    if (!j->paused)
        return;
    j->paused = false;
    join_continue(j);
}

static bool may_join(client *c) {
    return bucket_take(&c->joins, (double)options.rate, (double)options.burst,
                       c->worker->now);
}

void join_tick(join *j) {
    client *c = j->client;
    if (j->too_often && may_join(c)) {
        j->too_often = false;
        j->deadline = c->worker->now + options.join_timeout;
        join_continue(j);
    } else if (!c->present && c->worker->now >= j->deadline) {
        give_up(c, UNREADABLE);
    }
}

static bool stays(const client *c, const join_message *m) {
    return c->room && strcmp(c->member.room, m->member.room) == 0 &&
           strcmp(c->member.client, m->member.client) == 0;
}

/* A client that joins again as the same one stays a member in Redis. */
static bool change_room(client *c, const join_message *m) {
    bool entered = c->entered && stays(c, m);
    if (entered)
        c->entered = false;
    room_remove(c);
    c->member = m->member;
    c->entered = entered;
    return room_add(c);
}

void join_start(client *c, const join_message *m) {
    c->last = (stream_id){0, 0};
    c->refused = 0;
    join *j = calloc(1, sizeof *j);
    if (!change_room(c, m) || !j) {
        free(j);
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
        return;
    }
    j->client = c;
    j->has_after = m->has_after;
    j->after = m->after;
    j->deadline = c->worker->now + options.join_timeout;
    j->too_often = !may_join(c);
    c->join = j;
    join_continue(j);
}
