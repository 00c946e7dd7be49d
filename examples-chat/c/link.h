/* The link to Redis: a connection for commands and one for subscriptions. It is up
 * while both work; if one fails, both are made anew, after a delay that grows.
 *
 *   DOWN        waits for the time to connect
 *   CONNECTING  both authenticate; the scripts are loaded, our own channel subscribed
 *   UP          commands may be sent
 *
 * The connection for subscriptions always has its own channel. To this the link
 * publishes every few seconds: if that does not come back, the path through Redis is
 * broken, though the sockets may look healthy. (And hiredis 0.14 fails an assertion if
 * it unsubscribes from the last channel while it subscribes to another.)
 *
 * hiredis looks up the name of Redis without the loop: use an address, or a name that
 * is resolved quickly. */
#ifndef LINK_H
#define LINK_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapter.h"
#include "scripts.h"

struct worker;

typedef struct redis_link {
    struct worker *worker;
    enum { LINK_DOWN, LINK_CONNECTING, LINK_UP } state;
    adapter commands, subscription;
    bool failed;       /* noticed in a callback; link_check() sees to it */
    int awaited;       /* CONNECTING: replies that are missing */
    unsigned pending;  /* commands without a reply */
    int64_t due;       /* DOWN: when to connect; CONNECTING: when to give up */
    int64_t backoff;   /* ms */
    int64_t replied;   /* when the last reply arrived, or a command was sent while there
                        * were no others */
    int64_t published; /* when we last published to our own channel */
    int64_t heard;     /* when that last came back */
    char channel[96];
    char sha[SCRIPTS][41];
} redis_link;

/* Called when a reply arrives; `reply` is NULL if the link has failed. */
typedef void reply_function(struct worker *w, redisReply *reply, void *data);

/* The arguments of a command. */
enum { MAX_ARGUMENTS = 128 };
typedef struct arguments {
    int count;
    const char *text[MAX_ARGUMENTS];
    size_t len[MAX_ARGUMENTS];
} arguments;

void arguments_add(arguments *a, const char *text, size_t len);
void arguments_add_text(arguments *a, const char *text);

static inline bool link_is_up(const redis_link *l) {
    return l->state == LINK_UP && !l->failed;
}

void link_start(redis_link *l, struct worker *w);
void link_stop(redis_link *l);

/* Sends a command. Without a link, on_reply, which may be NULL, is called at once with
 * NULL. */
void link_command(redis_link *l, reply_function *on_reply, void *data, int count,
                  const char *const *words, const size_t *lens);

/* Runs a script, whose first `keys` arguments are keys. */
void link_script(redis_link *l, script which, reply_function *on_reply, void *data,
                 int keys, const arguments *a);

void link_subscribe(redis_link *l, const char *channel);
void link_unsubscribe(redis_link *l, const char *channel);

/* Enforces time limits, and makes the connections anew that have failed. No callback
 * may be running. */
void link_check(redis_link *l);

#endif
