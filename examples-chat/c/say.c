#include "say.h"

#include <inttypes.h>
#include <stdio.h>

#include "counters.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "room.h"
#include "websocket.h"
#include "worker.h"

#define KEPT "10000" /* messages in a room, about */

struct say {
    client *client; /* NULL: it has gone */
    uint64_t seq;
};

void say_cancel(say *s) {
    s->client->say = NULL;
    s->client = NULL;
}

static void send_ack(client *c, uint64_t seq, const redisReply *id) {
    char text[128];
    int n =
        snprintf(text, sizeof text,
                 "{\"type\":\"ack\",\"seq\":%" PRIu64 ",\"id\":\"%s\"}", seq, id->str);
    client_send_text(c, text, (size_t)n);
}

/* ---- refusing ---- */

static void refuse(client *c, uint64_t seq, counter which) {
    const char *reason = which == REFUSED_RATE ? "rate" : "unavailable";
    char text[128];
    int n = snprintf(text, sizeof text,
                     "{\"type\":\"refused\",\"seq\":%" PRIu64 ",\"reason\":\"%s\"}",
                     seq, reason);
    if (c->refused == 0 || seq < c->refused) {
        c->refused = seq;
        c->refused_for = which;
    }
    count(which, 1);
    log_event(LOG_INFO, "refused", c, number_field("seq", (int64_t)seq),
              text_field("reason", reason));
    client_send_text(c, text, (size_t)n);
}

/* Whether a message may be stored now. If not, it was refused. */
static bool may_say(client *c, uint64_t seq) {
    if (c->refused != 0 && seq > c->refused)
        refuse(c, seq, c->refused_for);
    else if (!link_is_up(&c->worker->redis))
        refuse(c, seq, REFUSED_UNAVAILABLE);
    else if (!bucket_take(&c->says, (double)options.rate, (double)options.burst,
                          c->worker->now))
        refuse(c, seq, REFUSED_RATE);
    else
        return true;
    return false;
}

/* ---- storing ---- */

static void on_stored(worker *w, redisReply *reply, void *data) {
    (void)w;
    say *s = data;
    client *c = s->client;
    uint64_t seq = s->seq;
    free(s);
    if (!c)
        return;
    c->say = NULL;
    if (reply && reply->type == REDIS_REPLY_STRING)
        send_ack(c, seq, reply);
    else
        refuse(c, seq, REFUSED_UNAVAILABLE);
    client_continue(c);
}

static void store(say *s, const say_message *m, const char *json) {
    client *c = s->client;
    char log[KEY_TEXT], ending[CLIENT_TEXT + 8], said[KEY_TEXT], channel[KEY_TEXT],
        seq[24];
    arguments a = {0};
    snprintf(ending, sizeof ending, ":said:%s", c->member.client);
    snprintf(seq, sizeof seq, "%" PRIu64, m->seq);
    room_key(c->room->name, ":log", log);
    room_key(c->room->name, ending, said);
    room_key(c->room->name, "", channel);
    arguments_add_text(&a, log);
    arguments_add_text(&a, said);
    arguments_add_text(&a, channel);
    arguments_add_text(&a, seq);
    arguments_add_text(&a, json);
    arguments_add_text(&a, KEPT);
    link_script(&c->worker->redis, SAY_SCRIPT, on_stored, s, 3, &a);
}

void say_start(client *c, const say_message *m) {
    if (!may_say(c, m->seq))
        return;
    char *json = said_json(&c->member, m);
    say *s = json ? malloc(sizeof *s) : NULL;
    if (!s) {
        free(json);
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
        return;
    }
    if (m->seq == c->refused)
        c->refused = 0;
    *s = (say){c, m->seq};
    c->say = s;
    store(s, m, json);
    free(json);
}
