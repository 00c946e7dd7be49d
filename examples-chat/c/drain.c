#include "drain.h"

#include "client.h"
#include "log.h"
#include "options.h"
#include "websocket.h"
#include "worker.h"

static int64_t elapsed(const worker *w) {
    int64_t since = atomic_load_explicit(&draining_since, memory_order_relaxed);
    return since == 0 ? -1 : w->now - since;
}

static uint32_t count_open(const worker *w) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->client_count; i++)
        count += w->clients[i]->state == OPEN;
    return count;
}

/* Closes clients until `left` are open. Those whose message is being stored have their
 * turn in a later step. */
static void close_clients(worker *w, uint32_t left) {
    uint32_t open = count_open(w);
    for (uint32_t i = w->client_count; i-- > 0 && open > left;) {
        client *c = w->clients[i];
        if (c->state != OPEN || c->say)
            continue;
        client_close(c, WS_CLOSE_GOING_AWAY, "the server is being shut down");
        open--;
    }
}

/* Clients that have not sent their request get no response. */
static void drop_requests(worker *w) {
    for (uint32_t i = w->client_count; i-- > 0;)
        if (w->clients[i]->state < OPEN)
            client_drop(w->clients[i], "the server is being shut down");
}

void drain_step(worker *w) {
    int64_t closing = elapsed(w) - options.drain_delay;
    if (elapsed(w) < 0 || closing < 0)
        return;
    if (!w->closing_clients) {
        w->closing_clients = true;
        worker_stop_listening(w);
        w->drained_from = count_open(w);
        log_event(LOG_INFO, "closing-clients", NULL,
                  number_field("count", w->drained_from));
    }
    if (closing < options.drain_time) {
        int64_t rest = options.drain_time - closing;
        close_clients(w, (uint32_t)(w->drained_from * rest / options.drain_time));
    } else {
        close_clients(w, 0);
        drop_requests(w);
    }
}

bool drain_is_over(const worker *w) {
    if (elapsed(w) < 0)
        return false;
    bool is_done = w->closing_clients && w->client_count == 0 &&
                   (w->redis.pending == 0 || !link_is_up(&w->redis));
    return is_done || elapsed(w) >= options.drain_timeout;
}
