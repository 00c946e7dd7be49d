/* Who is in a room: the members in Redis, which all servers share. */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "room.h"

/* Adds a client to the members in Redis, or gives it to this connection; not if it was
 * there `again`, and has another connection by now. `on_reply` may be NULL. */
void presence_enter(client *c, bool again, reply_function *on_reply, void *data);

/* Removes a client, unless it has another connection by now. */
void presence_leave(const client *c);

/* Removes members that have expired. */
void presence_sweep(room *r);

/* Enters all members again, and tells those who are present who is in the room. */
void presence_restore(room *r);

/* Whether published text says that somebody has entered or left. */
bool is_presence(const char *text, size_t len);

/* Passes that on. */
void presence_pass_on(room *r, const char *text, size_t len);

/* Extends the time of our members in all rooms, and sweeps, when it is time to. */
void presence_tick(struct worker *w);

/* Asks for the values of the hash of members. */
void presence_list(room *r, reply_function *on_reply, void *data);

/* Appends "members":[{"client":...,"name":...},...] from these values. */
bool append_members(buffer *b, const redisReply *values);

/* Sends what was kept in `held`, and releases it. */
void send_held(client *c, buffer *held);

#endif
