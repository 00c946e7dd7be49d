#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "counters.h"

typedef struct metric {
    const char *name, *type, *help;
    counter which;
    const char *label; /* or NULL */
} metric;

#define HANDSHAKES "chat_handshakes_total", "counter", "Opening handshakes."
#define REFUSALS "chat_refused_total", "counter", "Messages that were refused."

/* The samples of one name follow each other. */
static const metric METRICS[] = {
    {"chat_connections", "gauge", "WebSockets that are open.", OPEN_CONNECTIONS, NULL},
    {"chat_connections_total", "counter", "Connections that were accepted.",
     ACCEPTED_CONNECTIONS, NULL},
    {HANDSHAKES, HANDSHAKE_ACCEPTED, "outcome=\"accepted\""},
    {HANDSHAKES, HANDSHAKE_INVALID, "outcome=\"invalid\""},
    {HANDSHAKES, HANDSHAKE_ORIGIN, "outcome=\"origin\""},
    {HANDSHAKES, HANDSHAKE_PROTOCOL, "outcome=\"subprotocol\""},
    {HANDSHAKES, HANDSHAKE_DRAINING, "outcome=\"draining\""},
    {HANDSHAKES, HANDSHAKE_ADDRESS, "outcome=\"address_limit\""},
    {HANDSHAKES, HANDSHAKE_TOO_MANY, "outcome=\"connection_limit\""},
    {HANDSHAKES, HANDSHAKE_TIMEOUT, "outcome=\"timeout\""},
    {HANDSHAKES, HANDSHAKE_PROXY, "outcome=\"proxy_header\""},
    {"chat_messages_received_total", "counter", "Messages from clients.", MESSAGES_IN,
     NULL},
    {"chat_messages_sent_total", "counter", "Messages to clients.", MESSAGES_OUT, NULL},
    {"chat_received_bytes_total", "counter", "Bytes from clients.", BYTES_IN, NULL},
    {"chat_sent_bytes_total", "counter", "Bytes to clients.", BYTES_OUT, NULL},
    {"chat_waiting_bytes", "gauge", "Output that waits for clients to read.",
     BYTES_WAITING, NULL},
    {"chat_slow_clients_total", "counter",
     "Clients that were dropped since too much output waited.", SLOW_CLIENTS, NULL},
    {"chat_ping_timeouts_total", "counter", "Clients that did not respond to a ping.",
     PING_TIMEOUTS, NULL},
    {REFUSALS, REFUSED_RATE, "reason=\"rate\""},
    {REFUSALS, REFUSED_UNAVAILABLE, "reason=\"unavailable\""},
    {"chat_compression_input_bytes_total", "counter",
     "Bytes of messages before they were compressed.", COMPRESSED_FROM, NULL},
    {"chat_compression_output_bytes_total", "counter",
     "Bytes of messages after they were compressed.", COMPRESSED_TO, NULL},
    {"chat_redis_connects_total", "counter", "Times that a thread connected to Redis.",
     REDIS_CONNECTS, NULL},
    {"chat_rooms", "gauge", "Rooms, counted in each thread that has clients there.",
     ROOMS, NULL},
};

enum { METRIC_COUNT = sizeof METRICS / sizeof *METRICS };

static void print_head(FILE *to, const char *name, const char *help, const char *type) {
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_metrics(FILE *to) {
    for (int i = 0; i < METRIC_COUNT; i++) {
        const metric *m = &METRICS[i];
        if (i == 0 || m->name != m[-1].name)
            print_head(to, m->name, m->help, m->type);
        fprintf(to, m->label ? "%s{%s} " : "%s%s ", m->name, m->label ? m->label : "");
        fprintf(to, "%" PRIu64 "\n", counter_sum(m->which));
    }
}

static void print_close_codes(FILE *to, const char *name, const char *help,
                              counter first) {
    print_head(to, name, help, "counter");
    for (unsigned i = 0; i < CLOSE_CODES - 1; i++)
        fprintf(to, "%s{code=\"%u\"} %" PRIu64 "\n", name, 1000 + i,
                counter_sum(first + i));
    fprintf(to, "%s{code=\"other\"} %" PRIu64 "\n", name,
            counter_sum(first + CLOSE_CODES - 1));
}

static void print_redis_up(FILE *to) {
    print_head(to, "chat_redis_up", "1 if all threads are connected to Redis.",
               "gauge");
    fprintf(to, "chat_redis_up %d\n",
            counter_sum(REDIS_UP) == (uint64_t)options.threads);
}

char *metrics_text(void) {
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to)
        return NULL;
    print_metrics(to);
    print_redis_up(to);
    print_close_codes(to, "chat_close_sent_total", "Close frames to clients.",
                      CLOSE_SENT);
    print_close_codes(
        to, "chat_close_received_total",
        "How clients closed; 1005: without a code, 1006: without a close frame.",
        CLOSE_RECEIVED);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}
