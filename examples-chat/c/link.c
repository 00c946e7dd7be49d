#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "log.h"
#include "options.h"
#include "room.h"
#include "scripts.inc"
#include "worker.h"

enum {
    CONNECT_TIMEOUT = 5000,
    REPLY_TIMEOUT = 5000,
    OWN_CHANNEL_INTERVAL = 5000,
    MIN_BACKOFF = 100,
    MAX_BACKOFF = 5000,
};

static const char *const SOURCES[SCRIPTS] = {
    [SAY_SCRIPT] = SOURCE_OF_say,       [ENTER_SCRIPT] = SOURCE_OF_enter,
    [LEAVE_SCRIPT] = SOURCE_OF_leave,   [SWEEP_SCRIPT] = SOURCE_OF_sweep,
    [EXTEND_SCRIPT] = SOURCE_OF_extend,
};

/* ---- failing ---- */

static void fail(redis_link *l, const char *why) {
    if (!l->failed)
        log_event(LOG_WARNING, "redis-failed", NULL,
                  number_field("thread", l->worker->index), text_field("reason", why));
    l->failed = true;
}

static const char *error_of(const redisAsyncContext *context) {
    return context->errstr && *context->errstr ? context->errstr : "connection lost";
}

static bool is_error(const redisReply *reply) {
    return !reply || reply->type == REDIS_REPLY_ERROR;
}

/* A reply that was necessary: fails the link if it is an error. */
static bool is_fine(redis_link *l, const redisAsyncContext *context,
                    const redisReply *reply) {
    if (is_error(reply))
        fail(l, reply ? reply->str : error_of(context));
    return !is_error(reply);
}

/* ---- commands ---- */

typedef struct expected {
    redis_link *link;
    reply_function *on_reply; /* or NULL */
    void *data;
} expected;

/* Redis has lost our scripts, or cannot write any more: after a failover, another one
 * may be there. */
static bool breaks_link(const redisReply *reply) {
    return strncmp(reply->str, "NOSCRIPT", 8) == 0 ||
           strncmp(reply->str, "READONLY", 8) == 0 ||
           strncmp(reply->str, "NOAUTH", 6) == 0;
}

static void on_command_reply(redisAsyncContext *context, void *reply, void *data) {
    expected *e = data;
    redisReply *r = reply;
    redis_link *l = e->link;
    l->pending--;
    l->replied = l->worker->now;
    if (!r)
        fail(l, error_of(context));
    else if (r->type == REDIS_REPLY_ERROR && breaks_link(r))
        fail(l, r->str);
    else if (r->type == REDIS_REPLY_ERROR)
        log_event(LOG_WARNING, "redis-error", NULL, text_field("reason", r->str));
    if (e->on_reply)
        e->on_reply(l->worker, r, e->data);
    free(e);
}

static bool send_command(redis_link *l, reply_function *on_reply, void *data, int count,
                         const char *const *words, const size_t *lens) {
    expected *e = link_is_up(l) ? malloc(sizeof *e) : NULL;
    if (!e)
        return false;
    *e = (expected){l, on_reply, data};
    if (redisAsyncCommandArgv(l->commands.context, on_command_reply, e, count,
                              (const char **)words, lens) != REDIS_OK) {
        free(e);
        return false;
    }
    if (l->pending++ == 0)
        l->replied = l->worker->now;
    return true;
}

void link_command(redis_link *l, reply_function *on_reply, void *data, int count,
                  const char *const *words, const size_t *lens) {
    if (!send_command(l, on_reply, data, count, words, lens) && on_reply)
        on_reply(l->worker, NULL, data);
}

void arguments_add(arguments *a, const char *text, size_t len) {
    a->text[a->count] = text;
    a->len[a->count++] = len;
}

void arguments_add_text(arguments *a, const char *text) {
    arguments_add(a, text, strlen(text));
}

void link_script(redis_link *l, script which, reply_function *on_reply, void *data,
                 int keys, const arguments *a) {
    char key_count[12];
    arguments all = {0};
    snprintf(key_count, sizeof key_count, "%d", keys);
    arguments_add_text(&all, "EVALSHA");
    arguments_add_text(&all, l->sha[which]);
    arguments_add_text(&all, key_count);
    for (int i = 0; i < a->count; i++)
        arguments_add(&all, a->text[i], a->len[i]);
    link_command(l, on_reply, data, all.count, all.text, all.len);
}

/* ---- subscriptions ---- */

static void on_ready(redis_link *l) {
    if (--l->awaited > 0 || l->failed)
        return;
    worker *w = l->worker;
    l->state = LINK_UP;
    l->backoff = MIN_BACKOFF;
    l->published = l->heard = w->now;
    count(REDIS_UP, 1);
    count(REDIS_CONNECTS, 1);
    log_event(LOG_INFO, "redis-connected", NULL, number_field("thread", w->index));
    rooms_on_link_up(w);
}

static void on_subscription(redisAsyncContext *context, void *data, void *owner) {
    redis_link *l = owner;
    const redisReply *reply = data;
    if (!is_fine(l, context, reply))
        return;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    const char *kind = reply->element[0]->str, *channel = reply->element[1]->str;
    const redisReply *payload = reply->element[2];
    bool own = strcmp(channel, l->channel) == 0;
    if (strcmp(kind, "subscribe") == 0 && own)
        on_ready(l);
    else if (strcmp(kind, "subscribe") == 0)
        room_on_subscribed(l->worker, channel);
    else if (strcmp(kind, "message") == 0 && own)
        l->heard = l->worker->now;
    else if (strcmp(kind, "message") == 0)
        room_on_published(l->worker, channel, payload->str, payload->len);
}

void link_subscribe(redis_link *l, const char *channel) {
    if (!l->failed && l->subscription.context)
        redisAsyncCommand(l->subscription.context, on_subscription, l, "SUBSCRIBE %s",
                          channel);
}

void link_unsubscribe(redis_link *l, const char *channel) {
    if (link_is_up(l))
        redisAsyncCommand(l->subscription.context, NULL, NULL, "UNSUBSCRIBE %s",
                          channel);
}

/* ---- connecting ---- */

static void on_connected(const redisAsyncContext *context, int status) {
    if (status != REDIS_OK)
        fail(context->data, error_of(context));
}

static void on_disconnected(const redisAsyncContext *context, int status) {
    redis_link *l = context->data;
    if (status != REDIS_OK)
        fail(l, error_of(context));
}

static void on_authenticated(redisAsyncContext *context, void *reply, void *data) {
    is_fine(data, context, reply);
}

static bool connect_one(redis_link *l, adapter *a) {
    redisAsyncContext *context =
        options.redis_path ? redisAsyncConnectUnix(options.redis_path)
                           : redisAsyncConnect(options.redis_host, options.redis_port);
    if (!context || context->err) {
        fail(l, context ? error_of(context) : "no memory");
        if (context)
            redisAsyncFree(context);
        return false;
    }
    context->data = l;
    adapter_attach(a, l->worker->epoll_fd, context);
    redisAsyncSetConnectCallback(context, on_connected);
    redisAsyncSetDisconnectCallback(context, on_disconnected);
    if (options.redis_password)
        redisAsyncCommand(context, on_authenticated, l, "AUTH %s",
                          options.redis_password);
    return true;
}

typedef struct loading {
    redis_link *link;
    script which;
} loading;

static void on_loaded(redisAsyncContext *context, void *data, void *of) {
    loading *loaded = of;
    redis_link *l = loaded->link;
    const redisReply *reply = data;
    if (is_fine(l, context, reply)) {
        snprintf(l->sha[loaded->which], sizeof l->sha[0], "%s", reply->str);
        on_ready(l);
    }
    free(loaded);
}

static void load(redis_link *l, script which) {
    loading *next = malloc(sizeof *next);
    if (!next) {
        fail(l, "no memory");
        return;
    }
    *next = (loading){l, which};
    if (redisAsyncCommand(l->commands.context, on_loaded, next, "SCRIPT LOAD %s",
                          SOURCES[which]) != REDIS_OK)
        free(next);
}

static void connect_both(redis_link *l) {
    l->state = LINK_CONNECTING;
    l->due = l->worker->now + CONNECT_TIMEOUT;
    l->awaited = SCRIPTS + 1;
    l->pending = 0;
    if (!connect_one(l, &l->commands) || !connect_one(l, &l->subscription))
        return;
    for (script which = 0; which < SCRIPTS; which++)
        load(l, which);
    link_subscribe(l, l->channel);
}

/* Callbacks of commands without a reply are called with NULL. */
static void disconnect(redis_link *l) {
    bool was_up = l->state == LINK_UP;
    l->failed = true;
    if (l->commands.context)
        redisAsyncFree(l->commands.context);
    if (l->subscription.context)
        redisAsyncFree(l->subscription.context);
    l->state = LINK_DOWN;
    l->failed = false;
    if (was_up) {
        count_down(REDIS_UP, 1);
        rooms_on_link_down(l->worker);
    }
}

static void connect_later(redis_link *l) {
    disconnect(l);
    l->due = l->worker->now + l->backoff / 2 + random() % (l->backoff / 2 + 1);
    l->backoff = 2 * l->backoff < MAX_BACKOFF ? 2 * l->backoff : MAX_BACKOFF;
}

/* ---- time limits ---- */

static void publish_to_own_channel(redis_link *l) {
    arguments a = {0};
    arguments_add_text(&a, "PUBLISH");
    arguments_add_text(&a, l->channel);
    arguments_add_text(&a, "");
    l->published = l->worker->now;
    link_command(l, NULL, NULL, a.count, a.text, a.len);
}

static void check_up(redis_link *l) {
    int64_t now = l->worker->now;
    if (l->pending > 0 && now - l->replied > REPLY_TIMEOUT)
        fail(l, "no reply");
    else if (now - l->heard > OWN_CHANNEL_INTERVAL + REPLY_TIMEOUT)
        fail(l, "nothing published comes back");
    else if (now - l->published >= OWN_CHANNEL_INTERVAL)
        publish_to_own_channel(l);
}

void link_check(redis_link *l) {
    int64_t now = l->worker->now;
    if (l->state == LINK_DOWN && now >= l->due)
        connect_both(l);
    else if (l->state == LINK_CONNECTING && now >= l->due)
        fail(l, "time-out while connecting");
    else if (link_is_up(l))
        check_up(l);
    if (l->failed)
        connect_later(l);
}

void link_start(redis_link *l, worker *w) {
    *l = (redis_link){.worker = w, .backoff = MIN_BACKOFF};
    snprintf(l->channel, sizeof l->channel, "chat:server:%s/%ld", options.name,
             w->index);
}

void link_stop(redis_link *l) {
    disconnect(l);
}
