#include "room.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "counters.h"
#include "join.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "presence.h"
#include "websocket.h"
#include "worker.h"

enum { KEEP_EMPTY = 10000 }; /* ms */

/* ---- the table ---- */

void room_key(const char *name, const char *ending, char key[KEY_TEXT]) {
    snprintf(key, KEY_TEXT, "chat:{%s}%s", name, ending);
}

/* FNV-1a, from a start that clients do not know. */
static size_t slot_of(const char *name) {
    static _Atomic uint32_t start;
    uint32_t hash = start;
    if (hash == 0 && getrandom(&hash, sizeof hash, 0) == sizeof hash) {
        uint32_t unset = 0;
        hash |= 1;
        if (!atomic_compare_exchange_strong(&start, &unset, hash))
            hash = unset;
    }
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619U;
    return hash % ROOM_SLOTS;
}

static room *find(worker *w, const char *name) {
    room *r = w->rooms[slot_of(name)];
    while (r && strcmp(r->name, name) != 0)
        r = r->next;
    return r;
}

static room *find_by_channel(worker *w, const char *channel) {
    char name[ROOM_TEXT];
    size_t len = strlen(channel);
    if (len < 7 || len - 7 >= sizeof name)
        return NULL;
    memcpy(name, channel + 6, len - 7); /* chat:{NAME} */
    name[len - 7] = '\0';
    return find(w, name);
}

static void subscribe(room *r) {
    char channel[KEY_TEXT];
    room_key(r->name, "", channel);
    link_subscribe(&r->worker->redis, channel);
}

static room *find_or_create(worker *w, const char *name) {
    room *r = find(w, name);
    if (r || !(r = calloc(1, sizeof *r)))
        return r;
    size_t slot = slot_of(name);
    r->worker = w;
    r->state = SUBSCRIBING;
    snprintf(r->name, sizeof r->name, "%s", name);
    r->next = w->rooms[slot];
    w->rooms[slot] = r;
    count(ROOMS, 1);
    if (link_is_up(&w->redis))
        subscribe(r);
    return r;
}

static void free_room(room *r) {
    count_down(ROOMS, 1);
    release(&r->held);
    free(r->members);
    free(r);
}

/* ---- members ---- */

bool room_add(client *c) {
    room *r = find_or_create(c->worker, c->member.room);
    if (!r)
        return false;
    if (r->member_count == r->member_cap) {
        uint32_t cap = r->member_cap > 0 ? 2 * r->member_cap : 4;
        client **larger = realloc(r->members, cap * sizeof *larger);
        if (!larger)
            return false;
        r->members = larger;
        r->member_cap = cap;
    }
    c->room = r;
    c->place = r->member_count;
    r->members[r->member_count++] = c;
    return true;
}

void room_remove(client *c) {
    room *r = c->room;
    if (!r)
        return;
    if (c->entered && link_is_up(&c->worker->redis))
        presence_leave(c);
    r->live_count -= c->live;
    r->members[c->place] = r->members[--r->member_count];
    r->members[c->place]->place = c->place;
    r->empty_since = c->worker->now;
    c->room = NULL;
    c->entered = c->present = c->live = false;
    release(&c->held);
}

stream_id room_newest(const room *r) {
    return id_max(r->last, r->seen);
}

void room_make_live(client *c) {
    room *r = c->room;
    if (r->live_count++ == 0)
        r->last = id_max(r->last, c->last);
    c->live = true;
}

/* ---- messages ---- */

/* Passes a message on to the live members that lack it. */
static void pass_on(room *r, stream_id id, const void *text, size_t len) {
    if (!id_greater(id, r->last))
        return;
    r->last = id;
    frames f = {.by = &r->worker->encoders, .text = text, .len = len};
    for (uint32_t i = r->member_count; i-- > 0;) {
        client *c = r->members[i];
        if (!c->live || !id_greater(id, c->last))
            continue;
        c->last = id;
        client_deliver(c, &f);
    }
    frames_free(&f);
}

static const char ID_START[] = "{\"type\":\"message\",\"id\":\"";

/* Whether published text is a message, whose ID follows at the start. */
static bool parse_published(const char *text, size_t len, stream_id *id) {
    size_t start = strlen(ID_START);
    if (len < start || memcmp(text, ID_START, start) != 0)
        return false;
    const char *end = memchr(text + start, '"', len - start);
    return end && id_parse(text + start, (size_t)(end - text) - start, id);
}

bool entry_id(const redisReply *entry, stream_id *id) {
    return entry->type == REDIS_REPLY_ARRAY && entry->elements == 2 &&
           entry->element[0]->str &&
           id_parse(entry->element[0]->str, entry->element[0]->len, id);
}

bool entry_text(const redisReply *entry, buffer *text) {
    const redisReply *key = entry->element[0], *fields = entry->element[1];
    text->len = 0;
    if (fields->elements != 2 || strcmp(fields->element[0]->str, "message") != 0)
        return false;
    const redisReply *message = fields->element[1];
    return append(text, ID_START, strlen(ID_START)) &&
           append(text, key->str, key->len) && append(text, "\",", 2) &&
           append(text, message->str, message->len);
}

void room_on_published(worker *w, const char *channel, const char *text, size_t len) {
    room *r = find_by_channel(w, channel);
    stream_id id;
    if (!r)
        return;
    if (is_presence(text, len))
        presence_pass_on(r, text, len);
    else if (!parse_published(text, len, &id))
        log_event(LOG_WARNING, "ignored", NULL, text_field("room", r->name),
                  bytes_field("published", text, len < 100 ? len : 100));
    else if (r->state == LIVE)
        pass_on(r, id, text, len);
    else
        r->seen = id_max(r->seen, id);
}

/* ---- reading what was missed ---- */

void stream_read_from(const room *r, stream_id last, reply_function *on_reply,
                      void *data) {
    char key[KEY_TEXT], start[STREAM_ID_TEXT], page[12];
    arguments a = {0};
    room_key(r->name, ":log", key);
    id_text(last, start);
    snprintf(page, sizeof page, "%d", PAGE_SIZE);
    arguments_add_text(&a, "XRANGE");
    arguments_add_text(&a, key);
    arguments_add_text(&a, start);
    arguments_add_text(&a, "+");
    arguments_add_text(&a, "COUNT");
    arguments_add_text(&a, page);
    link_command(&r->worker->redis, on_reply, data, a.count, a.text, a.len);
}

bool stream_follows(const redisReply *entries, stream_id last) {
    stream_id first;
    return id_is_none(last) ||
           (entries->elements > 0 && entry_id(entries->element[0], &first) &&
            id_equal(first, last));
}

static void pass_on_entry(room *r, const redisReply *entry, buffer *text) {
    stream_id id;
    if (!entry_id(entry, &id))
        return;
    if (entry_text(entry, text))
        pass_on(r, id, text->data, text->len);
    r->last = id_max(r->last, id);
}

/* Messages may be lost. The clients are told so when they join again. */
static void give_up(room *r) {
    log_event(LOG_WARNING, "messages may be lost", NULL, text_field("room", r->name));
    for (uint32_t i = r->member_count; i-- > 0;)
        client_close(r->members[i], WS_CLOSE_TRY_AGAIN_LATER, "messages may be lost");
    r->last = r->seen = (stream_id){0, 0};
    r->state = LIVE;
}

static void read_missed(room *r);

static void on_missed(worker *w, redisReply *reply, void *data) {
    (void)w;
    room *r = data;
    buffer text = {0};
    r->pending--;
    r->reads = false;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || r->state != READING)
        return; /* read again by rooms_tick(), or when the link is up again */
    if (!stream_follows(reply, r->last)) {
        give_up(r);
        return;
    }
    for (size_t i = 0; i < reply->elements; i++)
        pass_on_entry(r, reply->element[i], &text);
    release(&text);
    if (reply->elements == PAGE_SIZE || id_greater(r->seen, r->seen_before)) {
        read_missed(r);
        return;
    }
    r->last = id_max(r->last, r->seen);
    r->state = LIVE;
}

static void read_missed(room *r) {
    r->pending++;
    r->reads = true;
    r->seen_before = r->seen;
    stream_read_from(r, r->last, on_missed, r);
}

/* ---- the link ---- */

void room_on_subscribed(worker *w, const char *channel) {
    room *r = find_by_channel(w, channel);
    if (!r || r->state != SUBSCRIBING)
        return;
    presence_sweep(r);
    if (r->live_count > 0) {
        r->state = READING;
        read_missed(r);
    } else {
        r->state = LIVE;
        r->last = r->seen = (stream_id){0, 0};
    }
    if (r->member_count > 0)
        presence_restore(r);
    for (uint32_t i = r->member_count; i-- > 0;)
        if (r->members[i]->join)
            join_continue(r->members[i]->join);
}

void rooms_on_link_up(worker *w) {
    w->presence_due = w->now + options.presence / 3;
    for (int slot = 0; slot < ROOM_SLOTS; slot++)
        for (room *r = w->rooms[slot]; r; r = r->next)
            subscribe(r);
}

void rooms_on_link_down(worker *w) {
    for (int slot = 0; slot < ROOM_SLOTS; slot++)
        for (room *r = w->rooms[slot]; r; r = r->next)
            r->state = SUBSCRIBING;
}

/* ---- freeing ---- */

/* A room that waits for its subscription to be confirmed must stay: the confirmation
 * would be taken for that of the next room with this name. */
static bool is_unused(const room *r) {
    const worker *w = r->worker;
    return r->member_count == 0 && r->pending == 0 &&
           w->now - r->empty_since >= KEEP_EMPTY &&
           (r->state == LIVE || !link_is_up(&w->redis));
}

static void unsubscribe(room *r) {
    char channel[KEY_TEXT];
    room_key(r->name, "", channel);
    link_unsubscribe(&r->worker->redis, channel);
}

void rooms_tick(worker *w) {
    for (int slot = 0; slot < ROOM_SLOTS; slot++)
        for (room **at = &w->rooms[slot]; *at;) {
            room *r = *at;
            if (r->state == READING && !r->reads && link_is_up(&w->redis))
                read_missed(r);
            if (!is_unused(r)) {
                at = &r->next;
                continue;
            }
            *at = r->next;
            unsubscribe(r);
            free_room(r);
        }
}

void rooms_free(worker *w) {
    for (int slot = 0; slot < ROOM_SLOTS; slot++)
        for (room *next, *r = w->rooms[slot]; r; r = next) {
            next = r->next;
            free_room(r);
        }
}
