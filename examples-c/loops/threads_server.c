/* An echo server with several threads on one port.
 *
 * Each thread has sockets that listen (SO_REUSEPORT), an epoll loop, and its own peers,
 * so the threads share no connection and need no lock. The system spreads the connections. */
#define _GNU_SOURCE
#include <pthread.h>

#include "../server.h"

enum { MAX_THREADS = 256 };

typedef struct worker {
    pthread_t thread;
    int listeners[MAX_LISTENERS], count;
} worker;

static const char *thread_count = "2";

static const extra_option EXTRA[] = {
    {"threads", "COUNT", "--max-output and --max-connections are for each (2)",
     &thread_count},
    {0},
};

static void on_message(peer *p, const ws_event *e, const void *data) {
    send_message(p, e->opcode, data, (size_t)e->len);
}

static void *serve_in_thread(void *data) {
    worker *w = data;
    serve(w->listeners, w->count);
    return NULL;
}

int main(int argc, char **argv) {
    static worker workers[MAX_THREADS];
    extra_options = EXTRA;
    read_options(
        argc, argv,
        "Sends every WebSocket message, of up to 16 MiB, back to its sender. Responds\n"
        "to a plain GET with a greeting. Uses several threads.");
    long count = parse_number("--threads", thread_count, 1, MAX_THREADS);
    max_message = 16 << 20;
    check_configuration();
    tune_malloc();
    catch_signals();
    worker *first = &workers[0];
    first->count = start_listening("http", options.host, options.port, true,
                                   first->listeners, MAX_LISTENERS);
    for (worker *w = first + 1; w < first + count; w++) {
        w->count = first->count;
        for (int i = 0; i < w->count; i++)
            w->listeners[i] = listen_again(first->listeners[i]);
    }
    for (worker *w = first + 1; w < first + count; w++)
        if (pthread_create(&w->thread, NULL, serve_in_thread, w) != 0)
            die("pthread_create", "cannot start a thread");
    serve(first->listeners, first->count);
    for (worker *w = first + 1; w < first + count; w++)
        pthread_join(w->thread, NULL);
    return 0;
}
