/* A room, as far as this thread has clients in it.
 *
 *   SUBSCRIBING  Redis has not confirmed the subscription
 *   READING      it has; what was published meanwhile is read from the stream
 *   LIVE         what is published is passed on
 *
 *               +-- subscribed, nobody is live --------------+
 *               |                                            v
 *   SUBSCRIBING +-- subscribed --> READING -- all was read --> LIVE
 *        ^                            |                         |
 *        +------- the link fails -----+-------------------------+
 *
 * `last` is the last message that was passed on to the live members: all they lack is
 * greater. A message that is published while the room is READING is not passed on; its
 * ID becomes `seen`. A read that starts after that contains it, and so the room becomes
 * LIVE after a read during which `seen` did not grow: nothing is lost. Only IDs greater
 * than `last` are passed on: nothing is shown twice. A read starts with `last` itself:
 * if that is no longer stored, others may be lost, and the room's clients are closed.
 *
 * A member that joins reads the stream itself, and becomes live after a read during
 * which neither `last` nor `seen` grew beyond what it has (join.h). It may then be
 * ahead of `last`, since the connection for commands may be ahead of the one for
 * subscriptions. So each member has its own `last`, and gets nothing that is not
 * greater. The first live member sets the room's `last` to its own, since nobody else
 * lacks anything.
 *
 * A room that is empty stays for a while, for clients that reconnect. */
#ifndef ROOM_H
#define ROOM_H

#include "client.h"
#include "link.h"
#include "message.h"

enum { SUBSCRIBING, READING, LIVE };

typedef struct room {
    struct room *next; /* in the same slot of worker->rooms */
    struct worker *worker;
    char name[ROOM_TEXT];
    uint8_t state;
    client **members;
    uint32_t member_count, member_cap, live_count;
    unsigned pending; /* commands whose replies need the room */
    stream_id last, seen;
    stream_id seen_before; /* READING: `seen` when the read started */
    bool reads;            /* the stream is being read */
    bool lists; /* the members are being read: enter and leave wait in `held` */
    buffer held;
    int64_t empty_since;
} room;

/* ---- keys ---- */

enum { KEY_TEXT = ROOM_TEXT + CLIENT_TEXT + 16 };

/* The key "chat:{ROOM}" with an ending such as ":log". */
void room_key(const char *name, const char *ending, char key[KEY_TEXT]);

/* ---- members ---- */

/* Adds a client to the room that it names. Returns false if there is no memory. */
bool room_add(client *c);

/* Removes a client from its room, if it has one, and lets it leave in Redis. */
void room_remove(client *c);

/* The ID up to which a member must have read to become live. */
stream_id room_newest(const room *r);

/* A member has all of the stream: from now on it gets what is published. */
void room_make_live(client *c);

/* Reads the ID of an entry of the stream. */
bool entry_id(const redisReply *entry, stream_id *id);

/* Makes the message for clients of an entry, which replaces `text`. Returns false if it
 * is no message, or there is no memory. */
bool entry_text(const redisReply *entry, buffer *text);

/* Reads entries of the stream from `last` on, at most PAGE_SIZE. */
enum { PAGE_SIZE = 100 };
void stream_read_from(const room *r, stream_id last, reply_function *on_reply,
                      void *data);

/* Whether nothing is missing between `last` and these entries: it is the first one. */
bool stream_follows(const redisReply *entries, stream_id last);

/* ---- for the link ---- */

void room_on_subscribed(struct worker *w, const char *channel);
void room_on_published(struct worker *w, const char *channel, const char *text,
                       size_t len);
void rooms_on_link_up(struct worker *w);
void rooms_on_link_down(struct worker *w);

/* ---- for the worker ---- */

/* Reads again where Redis responded with an error, and frees rooms that have been empty
 * for a while. */
void rooms_tick(struct worker *w);
void rooms_free(struct worker *w);

#endif
