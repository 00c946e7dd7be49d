#include "presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "output.h"
#include "worker.h"

enum { CHUNK = 100 }; /* clients whose time is extended by one command */

typedef struct room_keys {
    char who[KEY_TEXT], here[KEY_TEXT], channel[KEY_TEXT];
} room_keys;

static void add_keys(arguments *a, const room *r, room_keys *keys) {
    room_key(r->name, ":who", keys->who);
    room_key(r->name, ":here", keys->here);
    room_key(r->name, "", keys->channel);
    arguments_add_text(a, keys->who);
    arguments_add_text(a, keys->here);
    arguments_add_text(a, keys->channel);
}

/* A second, as text. The clocks of the servers must agree within some seconds. */
static void second_text(int64_t from_now_ms, char text[24]) {
    snprintf(text, 24, "%" PRId64, (int64_t)time(NULL) + from_now_ms / 1000);
}

static void connection_text(const client *c, char text[96]) {
    snprintf(text, 96, "%s/%" PRIu64, options.name, c->number);
}

/* ---- one member ---- */

void presence_enter(client *c, bool again, reply_function *on_reply, void *data) {
    room_keys keys;
    char connection[96], expires[24], *json = member_json(&c->member);
    arguments a = {0};
    if (!json) {
        if (on_reply)
            on_reply(c->worker, NULL, data);
        return;
    }
    connection_text(c, connection);
    second_text(options.presence, expires);
    add_keys(&a, c->room, &keys);
    arguments_add_text(&a, c->member.client);
    arguments_add_text(&a, connection);
    arguments_add_text(&a, expires);
    arguments_add_text(&a, json);
    arguments_add_text(&a, again ? "again" : "");
    c->entered = true;
    link_script(&c->worker->redis, ENTER_SCRIPT, on_reply, data, 3, &a);
    free(json);
}

void presence_leave(const client *c) {
    room_keys keys;
    char connection[96];
    arguments a = {0};
    connection_text(c, connection);
    add_keys(&a, c->room, &keys);
    arguments_add_text(&a, c->member.client);
    arguments_add_text(&a, connection);
    link_script(&c->worker->redis, LEAVE_SCRIPT, NULL, NULL, 3, &a);
}

void presence_sweep(room *r) {
    room_keys keys;
    char before[24];
    arguments a = {0};
    second_text(0, before);
    add_keys(&a, r, &keys);
    arguments_add_text(&a, before);
    link_script(&r->worker->redis, SWEEP_SCRIPT, NULL, NULL, 3, &a);
}

/* ---- lists ---- */

void presence_list(room *r, reply_function *on_reply, void *data) {
    char key[KEY_TEXT];
    arguments a = {0};
    room_key(r->name, ":who", key);
    arguments_add_text(&a, "HVALS");
    arguments_add_text(&a, key);
    link_command(&r->worker->redis, on_reply, data, a.count, a.text, a.len);
}

/* A value is the connection, a space, and the JSON. Others are passed over. */
static bool append_member(buffer *b, const redisReply *value, bool is_first) {
    const char *space = value->str ? strstr(value->str, " {") : NULL;
    if (!space)
        return true;
    const char *end = value->str + value->len;
    return append(b, ",", is_first ? 0 : 1) &&
           append(b, space + 1, (size_t)(end - space - 1));
}

bool append_members(buffer *b, const redisReply *values) {
    static const char START[] = "\"members\":[";
    bool fits = append(b, START, strlen(START));
    uint32_t start = b->len;
    for (size_t i = 0; i < values->elements && fits; i++)
        fits = append_member(b, values->element[i], b->len == start);
    return fits && append(b, "]", 1);
}

/* ---- passing on ---- */

/* Kept texts end with a line feed, which JSON as it is published does not contain. */
static bool hold(buffer *held, const char *text, size_t len) {
    return append(held, text, len) && append(held, "\n", 1);
}

static void deliver_to_present(room *r, const char *text, size_t len) {
    frames f = {.by = &r->worker->encoders, .text = text, .len = len};
    for (uint32_t i = r->member_count; i-- > 0;)
        if (r->members[i]->present)
            client_deliver(r->members[i], &f);
    frames_free(&f);
}

static bool starts_with(const char *text, size_t len, const char *start) {
    return len >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

bool is_presence(const char *text, size_t len) {
    return starts_with(text, len, "{\"type\":\"enter\",") ||
           starts_with(text, len, "{\"type\":\"leave\",");
}

/* Those who wait for the list of members get the text after it. */
void presence_pass_on(room *r, const char *text, size_t len) {
    if (!r->lists)
        deliver_to_present(r, text, len);
    else if (!hold(&r->held, text, len))
        r->lists = false;
    for (uint32_t i = r->member_count; i-- > 0;) {
        client *c = r->members[i];
        if (!c->present && c->join && !hold(&c->held, text, len))
            client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
    }
}

void send_held(client *c, buffer *held) {
    const char *text = (const char *)held->data, *end = text + held->len;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        client_send_text(c, text, (size_t)(line_end - text));
        text = line_end + 1;
    }
    release(held);
}

/* ---- after an outage ---- */

static void release_held(room *r) {
    const char *text = (const char *)r->held.data, *end = text + r->held.len;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        deliver_to_present(r, text, (size_t)(line_end - text));
        text = line_end + 1;
    }
    release(&r->held);
}

static void on_list(worker *w, redisReply *reply, void *data) {
    (void)w;
    static const char START[] = "{\"type\":\"members\",";
    room *r = data;
    buffer text = {0};
    r->pending--;
    r->lists = false;
    if (reply && reply->type == REDIS_REPLY_ARRAY &&
        append(&text, START, strlen(START)) && append_members(&text, reply) &&
        append(&text, "}", 1))
        deliver_to_present(r, (const char *)text.data, text.len);
    release(&text);
    release_held(r);
}

static bool has_present(const room *r) {
    for (uint32_t i = 0; i < r->member_count; i++)
        if (r->members[i]->present)
            return true;
    return false;
}

void presence_restore(room *r) {
    for (uint32_t i = 0; i < r->member_count; i++)
        if (r->members[i]->entered)
            presence_enter(r->members[i], true, NULL, NULL);
    if (r->lists || !has_present(r))
        return;
    r->lists = true;
    r->pending++;
    presence_list(r, on_list, r);
}

/* ---- extending ---- */

/* Members are missing if this process was stopped for so long that they have expired,
 * or if Redis has lost them. */
static void on_extended(worker *w, redisReply *reply, void *data) {
    (void)w;
    room *r = data;
    r->pending--;
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
        presence_restore(r);
}

/* Extends the time of at most CHUNK members, from `first` on. Returns the next one. */
static uint32_t extend_some(room *r, uint32_t first) {
    char who[KEY_TEXT], here[KEY_TEXT], expires[24];
    arguments a = {0};
    uint32_t i = first;
    room_key(r->name, ":who", who);
    room_key(r->name, ":here", here);
    second_text(options.presence, expires);
    arguments_add_text(&a, who);
    arguments_add_text(&a, here);
    arguments_add_text(&a, expires);
    for (; i < r->member_count && i - first < CHUNK; i++)
        if (r->members[i]->entered)
            arguments_add_text(&a, r->members[i]->member.client);
    r->pending++;
    link_script(&r->worker->redis, EXTEND_SCRIPT, on_extended, r, 2, &a);
    return i;
}

static void extend(room *r) {
    uint32_t next = 0;
    while (next < r->member_count)
        next = extend_some(r, next);
}

void presence_tick(worker *w) {
    if (w->now < w->presence_due || !link_is_up(&w->redis))
        return;
    w->presence_due = w->now + options.presence / 3;
    for (int slot = 0; slot < ROOM_SLOTS; slot++)
        for (room *r = w->rooms[slot]; r; r = r->next) {
            extend(r);
            presence_sweep(r);
        }
}
