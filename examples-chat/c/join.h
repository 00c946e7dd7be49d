/* A client joins a room.
 *
 *   1. The room is subscribed: see room.h. The client gets nothing, but `enter` and
 *      `leave` are kept for it.
 *   2. The client is entered, and the members are listed: `joined` is sent, then what
 *      was kept. From now on the client is present.
 *   3. The stream is read, a page at a time, as fast as the client reads. If the room
 *      has seen newer messages than the read can have returned, it is read again. Then
 *      the client is live.
 *
 * If the link to Redis fails, the step that was interrupted is repeated when the link
 * is up and the room subscribed again. A client that is not present by then, after
 * --join-timeout, is closed with 1013. */
#ifndef JOIN_H
#define JOIN_H

#include "client.h"
#include "message.h"

typedef struct join join;

/* Leaves the room before, if there is one. */
void join_start(client *c, const join_message *m);

/* The client has gone. */
void join_cancel(join *j);

/* The room is subscribed: goes on, unless replies of Redis are awaited. */
void join_continue(join *j);

/* All output of the client was sent: reads the next page. */
void join_output_sent(join *j);

/* Called every now and then: enforces the time limit, and starts joins that had to wait
 * since the client joins too often. */
void join_tick(join *j);

#endif
