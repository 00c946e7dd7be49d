/* Loads a WebSocket echo server on the loopback, in one thread on epoll, and prints one
 * line of JSON: how much CPU time the server's process took, or how much memory it
 * holds.
 *
 * Each active connection keeps DEPTH messages in flight: those that one read completes
 * are replaced in one write. A message counts when its whole echo has arrived and is
 * equal. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "deflate.h"
#include "measure.h"
#include "opening.h"

enum { READ_SIZE = 1 << 18 };

typedef struct settings {
    long port, pid, connections, active, depth, size, messages, idle;
    double seconds, warmup;
    bool burst; /* the next DEPTH messages leave when all of the last came back */
    bool deflate;
} settings;

typedef struct conn {
    int fd;
    bool blocked;    /* waits until it can send more */
    size_t at, owed; /* the next byte of the script, and the number of bytes to send */
    unsigned next, answered;
    expectation in;
    uint64_t sent_at[SLOTS];
} conn;

/* An interval that is being measured. */
typedef struct interval {
    uint64_t start, server_cpu, server_user, own_cpu, messages;
} interval;

static settings opt = {
    .connections = 64,
    .depth = 1,
    .size = 20,
    .seconds = 1,
    .messages = INT64_MAX,
};
static script text;
static int epoll_fd;
static uint8_t input[READ_SIZE];
static bool measuring;

/* ---- opening ---- */

/* Each starts at another place in the script, so an echo to another connection fails.
 */
static conn *open_conn(unsigned index) {
    conn *c = calloc(1, sizeof *c);
    if (!c)
        die("connection", "no memory for it");
    c->fd = connected((uint16_t)opt.port);
    upgrade(c->fd, false);
    c->next = c->in.slot = index % SLOTS;
    c->at = c->next * text.frame_size;
    return c;
}

/* ---- messages ---- */

static void watch(conn *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, operation, c->fd, &event) < 0)
        die("epoll_ctl", strerror(errno));
}

/* Sends the bytes due, as far as the socket has room. */
static void push(conn *c) {
    while (c->owed > 0) {
        ssize_t n = send(c->fd, text.frames + c->at, c->owed, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            die("send", strerror(errno));
        c->owed -= (size_t)n;
        c->at = (c->at + (size_t)n) % (SLOTS * text.frame_size);
    }
    bool blocked = c->owed > 0;
    if (blocked != c->blocked)
        watch(c, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    c->blocked = blocked;
}

/* The time of a message starts here, even if it has to wait for room. */
static void send_more(conn *c, unsigned count) {
    uint64_t t = now_ns();
    for (unsigned i = 0; i < count; i++) {
        c->sent_at[c->next] = t;
        c->next = (c->next + 1) % SLOTS;
    }
    c->owed += count * text.frame_size;
    push(c);
}

static unsigned receive(conn *c) {
    ssize_t n = recv(c->fd, input, sizeof input, 0);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        die("receive", n < 0 ? strerror(errno) : "the server hung up");
    unsigned slot = c->in.slot, count = judge(&text, &c->in, input, (size_t)n);
    uint64_t t = now_ns();
    for (unsigned i = 0; measuring && i < count; i++)
        record(t - c->sent_at[(slot + i) % SLOTS]);
    return count;
}

static void on_event(conn *c, uint32_t events, uint64_t *messages) {
    if (events & EPOLLOUT)
        push(c);
    unsigned count = receive(c);
    *messages += count;
    c->answered += count;
    if (c->answered > 0 && (!opt.burst || c->answered == opt.depth)) {
        unsigned room = c->answered;
        c->answered = 0;
        send_more(c, room);
    }
}

/* Handles events until the time is over, or as many messages came. */
static void exchange(interval *span, double seconds, uint64_t messages) {
    struct epoll_event events[64];
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < end && span->messages < messages) {
        int n = epoll_wait(epoll_fd, events, 64, PATIENCE * 1000);
        if (n == 0)
            die("echo", "none for 10 seconds");
        for (int i = 0; i < n; i++)
            on_event(events[i].data.ptr, events[i].events, &span->messages);
    }
}

/* ---- measurements ---- */

static interval begin(void) {
    pid_t pid = (pid_t)opt.pid;
    return (interval){.start = now_ns(),
                      .server_cpu = cpu_ns(pid),
                      .server_user = user_ns(pid),
                      .own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

static void report(const interval *span) {
    interval end = begin();
    printf(
        "{\"messages\": %llu, \"seconds\": %.4f, \"cpu_ns\": %llu, \"user_ns\": %llu, "
        "\"own_cpu_ns\": %llu, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f}\n",
        (unsigned long long)span->messages, (double)(end.start - span->start) / 1e9,
        (unsigned long long)(end.server_cpu - span->server_cpu),
        (unsigned long long)(end.server_user - span->server_user),
        (unsigned long long)(end.own_cpu - span->own_cpu),
        percentile(span->messages, 0.5) / 1e3, percentile(span->messages, 0.99) / 1e3,
        percentile(span->messages, 0.999) / 1e3);
}

/* The active connections lie evenly among the others, which are watched too: a server
 * must neither close them nor send anything. */
static bool is_active(long index) {
    return index * opt.active % opt.connections < opt.active;
}

static conn *open_watched(long index) {
    conn *c = open_conn((unsigned)index);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
    return c;
}

static void load(void) {
    text = write_script((size_t)opt.size);
    conn **active = calloc((size_t)opt.active, sizeof *active);
    long count = 0;
    for (long i = 0; i < opt.connections; i++) {
        conn *c = open_watched(i);
        if (active && is_active(i))
            active[count++] = c;
    }
    for (long i = 0; i < count; i++)
        send_more(active[i], (unsigned)opt.depth);
    free(active);
    interval warmup = {0};
    exchange(&warmup, opt.warmup, UINT64_MAX);
    measuring = true;
    interval span = begin();
    exchange(&span, opt.seconds, (uint64_t)opt.messages);
    report(&span);
}

static void open_idle(unsigned index) {
    conn *c = open_conn(index);
    send_more(c, 1);
    while (receive(c) == 0)
        ;
}

static void open_idle_compressed(const compressed *message) {
    int fd = connected((uint16_t)opt.port);
    upgrade(fd, true);
    echo_compressed(message, fd);
}

/* The first connection is not counted: a server makes its one-time allocations for it.
 */
static void hold_idle(void) {
    compressed message = {0};
    long before = 0;
    if (opt.deflate)
        message = write_compressed();
    else
        text = write_script((size_t)opt.size);
    for (long i = 0; i <= opt.idle; i++) {
        if (opt.deflate)
            open_idle_compressed(&message);
        else
            open_idle((unsigned)i);
        if (i == 0)
            before = resident((pid_t)opt.pid);
    }
    usleep(500000); /* for memory that is freed a moment later */
    long after = resident((pid_t)opt.pid);
    printf("{\"connections\": %ld, \"rss_before\": %ld, \"rss_after\": %ld, "
           "\"bytes_each\": %.1f}\n",
           opt.idle, before, after, (double)(after - before) / (double)opt.idle);
}

/* ---- the command line ---- */

static const char usage[] =
    "Usage: loadgen --port PORT --pid PID [OPTION...]\n"
    "\n"
    "Measures the WebSocket echo server on 127.0.0.1:PORT, which is process PID.\n"
    "\n"
    "  --connections N  (64)\n"
    "  --active N       of them, which send messages (all)\n"
    "  --depth N        messages in flight on each, up to 32 (1)\n"
    "  --burst          the next N leave when all of the last came back\n"
    "  --size BYTES     of a message (20)\n"
    "  --warmup S       seconds before the measured ones (0)\n"
    "  --seconds S      that are measured (1)\n"
    "  --messages N     ends earlier once as many came\n"
    "  --idle N         instead: memory of the server for each of N idle connections\n"
    "  --deflate        with --idle: with permessage-deflate, and one compressed message\n"
    "  --help           this text\n";

static double number(const char *option, const char *value, double min, double max) {
    char *end;
    double n = strtod(value, &end);
    if (end == value || *end != '\0' || !(n >= min && n <= max))
        die(option, "not a number that makes sense here (see --help)");
    return n;
}

static void set(int option, const char *value) {
    switch (option) {
    case 'p': opt.port = (long)number("--port", value, 1, 65535); break;
    case 'i': opt.pid = (long)number("--pid", value, 1, INT32_MAX); break;
    case 'c': opt.connections = (long)number("--connections", value, 1, 20000); break;
    case 'd': opt.depth = (long)number("--depth", value, 1, SLOTS); break;
    case 's': opt.size = (long)number("--size", value, 1, 1 << 24); break;
    case 'm': opt.messages = (long)number("--messages", value, 1, 1e12); break;
    case 'I': opt.idle = (long)number("--idle", value, 1, 20000); break;
    case 't': opt.seconds = number("--seconds", value, 0.01, 3600); break;
    case 'w': opt.warmup = number("--warmup", value, 0, 3600); break;
    case 'a': opt.active = (long)number("--active", value, 1, 20000); break;
    case 'b': opt.burst = true; break;
    case 'D': opt.deflate = true; break;
    default: fputs(usage, option == 'h' ? stdout : stderr); exit(option == 'h' ? 0 : 2);
    }
}

static void read_settings(int argc, char **argv) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},        {"pid", 1, NULL, 'i'},
        {"connections", 1, NULL, 'c'}, {"active", 1, NULL, 'a'},
        {"depth", 1, NULL, 'd'},       {"burst", 0, NULL, 'b'},
        {"size", 1, NULL, 's'},        {"seconds", 1, NULL, 't'},
        {"warmup", 1, NULL, 'w'},      {"messages", 1, NULL, 'm'},
        {"idle", 1, NULL, 'I'},        {"deflate", 0, NULL, 'D'},
        {"help", 0, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        set(option, optarg);
    if (optind < argc || opt.port == 0 || opt.pid == 0)
        set('?', NULL);
    if (opt.active == 0 || opt.active > opt.connections)
        opt.active = opt.connections;
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    read_settings(argc, argv);
    raise_descriptor_limit();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (opt.idle > 0)
        hold_idle();
    else
        load();
    return 0;
}
