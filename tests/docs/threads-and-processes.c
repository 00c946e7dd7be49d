/* Four workers turn texts into upper case. The loop is on poll(), and also waits for
 * their results. */
#include <ctype.h>
#include <poll.h>
#include <sys/socket.h>

#include "check.h"

#include "threads-and-processes.inc"

enum { WORKERS = 4 };

static mailbox results = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &results.first};

/* ---- workers ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t added = PTHREAD_COND_INITIALIZER;
static result *work; /* `text` in lower case */

static result *wait_for_work(void) {
    pthread_mutex_lock(&lock);
    while (!work)
        pthread_cond_wait(&added, &lock);
    result *r = work;
    work = r->next;
    pthread_mutex_unlock(&lock);
    return r;
}

static void *run_worker(void *unused) {
    (void)unused;
    for (;;) {
        result *r = wait_for_work();
        for (char *p = r->text; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        post(&results, r);
    }
    return NULL;
}

/* ---- the loop ---- */

static client *peers[100];
static size_t count;

static uint64_t number_of(const client *c) {
    return (uint64_t)(uintptr_t)c->user;
}

client *find_client(uint64_t number) {
    for (size_t i = 0; i < count; i++)
        if (number_of(peers[i]) == number && peers[i]->ws)
            return peers[i];
    return NULL;
}

void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode != WS_OPCODE_TEXT)
        return;
    result *r = calloc(1, sizeof *r);
    CHECK(r);
    *r = (result){number_of(c), strndup(data, (size_t)e->len), NULL};
    pthread_mutex_lock(&lock);
    r->next = work;
    work = r;
    pthread_cond_signal(&added);
    pthread_mutex_unlock(&lock);
}

static void add_client(int listener) {
    static uintptr_t last_number;
    client *c = calloc(1, sizeof *c);
    CHECK(c);
    c->fd = accept(listener, NULL, NULL);
    CHECK(c->fd >= 0);
    c->user = (void *)++last_number;
    CHECK(count < 100);
    peers[count++] = c;
}

static void remove_client(client *c) {
    for (size_t i = 0; i < count; i++)
        if (peers[i] == c)
            peers[i] = peers[--count];
    close(c->fd);
    ws_conn_free(c->ws);
    free(c->head.data);
    free(c->out.data);
    free(c);
}

static void read_from(client *c) {
    uint8_t bytes[4096];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n > 0)
        on_bytes(c, bytes, (size_t)n);
    else
        remove_client(c);
}

static void send_output(client *c) {
    if (c->out.len > 0)
        CHECK(send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL) ==
              (ssize_t)c->out.len);
    free(c->out.data);
    c->out = (buffer){NULL, 0};
}

int main(void) {
    struct pollfd fds[102] = {{start_listening(), POLLIN, 0}};
    CHECK(pipe(results.wake) == 0);
    fds[1] = (struct pollfd){results.wake[0], POLLIN, 0};
    for (int i = 0; i < WORKERS; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_worker, NULL) == 0);
    }
    for (;;) {
        size_t polled = count;
        for (size_t i = 0; i < polled; i++)
            fds[i + 2] = (struct pollfd){peers[i]->fd, POLLIN, 0};
        poll(fds, (nfds_t)polled + 2, -1);
        for (size_t i = polled; i-- > 0;)
            if (fds[i + 2].revents)
                read_from(peers[i]);
        if (fds[1].revents)
            send_results(&results);
        if (fds[0].revents)
            add_client(fds[0].fd);
        for (size_t i = 0; i < count; i++)
            send_output(peers[i]);
    }
}
