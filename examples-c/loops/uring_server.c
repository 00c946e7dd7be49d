/* An echo server on io_uring, with liburing.
 *
 * One submission receives until it is cancelled. The kernel takes a buffer from a ring
 * of buffers when input arrives, so an idle connection holds none. Frames are unmasked
 * in that buffer. A connection may have two operations in progress, one that receives
 * and one that sends. It is freed when it has none. What the completions of one wait
 * ask for is submitted together, by the next wait. */
#define _GNU_SOURCE
#include <liburing.h>

#include "echo.h"

/* BUFFERS is a power of two. A buffer has room for a message of 64 KiB, which is then
 * handled there, without a copy. */
enum { ENTRIES = 1024, BUFFERS = 128, BUFFER_SIZE = 72 << 10, BUFFER_GROUP = 0 };
enum { LONG = 16 << 10 };

/* What a completion is about: its user_data is a pointer plus one of these. */
enum { ACCEPT, RECEIVE, SEND, TIMER_OR_CANCEL, OPERATIONS };

typedef struct connection {
    peer peer;
    bool receiving, sending; /* an operation that is not complete */
    bool cancelled;          /* the one that receives */
} connection;

/* Not accepting: the last attempt failed, perhaps for want of descriptors. */
static bool paused[MAX_LISTENERS];

static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static uint8_t memory[BUFFERS][BUFFER_SIZE];
/* An int is aligned to 4, so its address has room for an operation. */
static int listeners[MAX_LISTENERS], listener_count;

/* ---- submission ---- */

static struct io_uring_sqe *new_sqe(void) {
    struct io_uring_sqe *sqe;
    while (!(sqe = io_uring_get_sqe(&ring))) /* the queue is full */
        io_uring_submit(&ring);
    return sqe;
}

static void tag(struct io_uring_sqe *sqe, void *target, unsigned operation) {
    io_uring_sqe_set_data64(sqe, (uintptr_t)target + operation);
}

/* One submission accepts any number of clients. */
static void start_accepting(int *listener) {
    struct io_uring_sqe *sqe = new_sqe();
    io_uring_prep_multishot_accept(sqe, *listener, NULL, NULL, SOCK_CLOEXEC);
    tag(sqe, listener, ACCEPT);
}

static void start_receiving(connection *c) {
    struct io_uring_sqe *sqe = new_sqe();
    io_uring_prep_recv_multishot(sqe, c->peer.fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    tag(sqe, c, RECEIVE);
    c->receiving = true;
    c->cancelled = false;
}

static void stop_receiving(connection *c) {
    struct io_uring_sqe *sqe = new_sqe();
    io_uring_prep_cancel64(sqe, (uintptr_t)c + RECEIVE, 0);
    tag(sqe, NULL, TIMER_OR_CANCEL);
    c->cancelled = true;
}

/* Input is received while it can be handled. peer_reads() would also wait until each
 * reply is sent, since a reply that is lent waits. */
static bool wants_input(const peer *p) {
    return p->state != OPEN || p->in.len == 0;
}

static void start_timer(void) {
    static struct __kernel_timespec second = {.tv_sec = 1};
    struct io_uring_sqe *sqe = new_sqe();
    io_uring_prep_timeout(sqe, &second, 0, 0);
    tag(sqe, NULL, TIMER_OR_CANCEL);
}

/* A long output is sent at once, so that its memory is used again while it is in the
 * cache of the processor. */
static void send_long_output(peer *p) {
    ws_bytes out = peer_output(p);
    ssize_t n = 0;
    while (out.len >= LONG &&
           (n = send(p->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) {
        peer_sent(p, (size_t)n);
        out = peer_output(p);
    }
}

static void start_sending(connection *c) {
    send_long_output(&c->peer);
    ws_bytes out = peer_lend(&c->peer);
    if (out.len == 0)
        return;
    struct io_uring_sqe *sqe = new_sqe();
    io_uring_prep_send(sqe, c->peer.fd, out.data, out.len, MSG_NOSIGNAL);
    tag(sqe, c, SEND);
    c->sending = true;
}

static void update_peer(peer *p) {
    connection *c = (connection *)p;
    if (!c->sending)
        start_sending(c);
    if (!c->receiving && p->state != DROPPED && wants_input(p))
        start_receiving(c);
    if (c->receiving && !c->cancelled && !wants_input(p))
        stop_receiving(c);
    if (peer_finishes(p))
        shutdown(p->fd, SHUT_WR);
    if (p->state != DROPPED)
        return;
    shutdown(p->fd, SHUT_RDWR); /* completes the operations */
    if (c->sending || c->receiving)
        return;
    close(p->fd);
    peer_remove(p);
    free(c);
}

/* ---- completion ---- */

static void give_back(unsigned id) {
    io_uring_buf_ring_add(buffers, memory[id], BUFFER_SIZE, (unsigned short)id,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(buffers, 1);
}

/* -ENOBUFS: all buffers hold input that is handled in this round. */
static bool may_receive_again(int error) {
    return error == -ENOBUFS || error == -EINTR || error == -ECANCELED;
}

/* The end may be complete together with the input before it, whose reply is not
 * submitted yet. */
static void on_end(connection *c) {
    if (c->sending)
        io_uring_submit(&ring);
    peer_end(&c->peer);
}

static void on_received(connection *c, const struct io_uring_cqe *cqe) {
    unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
    c->receiving = cqe->flags & IORING_CQE_F_MORE;
    if (cqe->res > 0)
        peer_input(&c->peer, memory[id], (size_t)cqe->res);
    else if (!may_receive_again(cqe->res))
        on_end(c);
    if (cqe->flags & IORING_CQE_F_BUFFER)
        give_back(id);
    update_peer(&c->peer);
}

static void on_sent(connection *c, const struct io_uring_cqe *cqe) {
    c->sending = false;
    if (cqe->res < 0 && cqe->res != -EINTR)
        drop(&c->peer, strerror(-cqe->res));
    peer_sent(&c->peer, cqe->res > 0 ? (size_t)cqe->res : 0);
    update_peer(&c->peer);
}

static void on_accepted(int *listener, const struct io_uring_cqe *cqe) {
    int fd = cqe->res;
    connection *c = fd >= 0 && !shutting_down ? calloc(1, sizeof *c) : NULL;
    if (c && peer_add(&c->peer, peer_address(fd))) {
        set_socket(fd, IPPROTO_TCP, TCP_NODELAY);
        c->peer.fd = fd;
        update_peer(&c->peer);
    } else if (fd >= 0) {
        free(c);
        close(fd);
    } else if (fd == -EMFILE || fd == -ENFILE) {
        refuse_client(*listener);
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        if (fd >= 0 && !shutting_down)
            start_accepting(listener);
        else
            paused[listener - listeners] = true;
    }
}

/* After a second. */
static void on_timer(void) {
    read_clock();
    for (int i = 0; i < listener_count && !shutting_down; i++) {
        if (paused[i])
            start_accepting(&listeners[i]);
        paused[i] = false;
    }
    start_timer();
}

static void on_completion(const struct io_uring_cqe *cqe) {
    uintptr_t target = cqe->user_data & ~(uintptr_t)(OPERATIONS - 1);
    switch (cqe->user_data & (OPERATIONS - 1)) {
    case ACCEPT: on_accepted((int *)target, cqe); break;
    case RECEIVE: on_received((connection *)target, cqe); break;
    case SEND: on_sent((connection *)target, cqe); break;
    default:
        if (cqe->res == -ETIME)
            on_timer();
    }
}

/* ---- the loop ---- */

/* Submits operations, waits, and handles what is complete. */
static void complete_some(void) {
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    io_uring_submit_and_wait(&ring, 1);
    io_uring_for_each_cqe(&ring, head, cqe) {
        on_completion(cqe);
        count++;
    }
    io_uring_cq_advance(&ring, count);
    check_deadlines();
}

/* Only this thread uses the ring, and completions are handled when it waits: so the
 * kernel does not have to interrupt it. */
static void set_up_ring(void) {
    struct io_uring_buf_reg group = {.ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    size_t size = BUFFERS * sizeof(struct io_uring_buf);
    int error = io_uring_queue_init(
        ENTRIES, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (error < 0)
        die(error == -EINVAL ? "io_uring needs Linux 6.1" : "io_uring is not available",
            strerror(-error));
    void *aligned;
    if (posix_memalign(&aligned, 4096, size) != 0)
        die("io_uring", strerror(ENOMEM));
    buffers = aligned;
    group.ring_addr = (uintptr_t)buffers;
    error = io_uring_register_buf_ring(&ring, &group, 0);
    if (error < 0)
        die("io_uring", strerror(-error));
    io_uring_buf_ring_init(buffers);
    for (unsigned id = 0; id < BUFFERS; id++)
        give_back(id);
}

int main(int argc, char **argv) {
    configure_echo(argc, argv, "Uses io_uring.");
    tune_malloc();
    catch_signals();
    set_up_ring();
    listener_count = listen_for_clients(listeners);
    for (int i = 0; i < listener_count; i++)
        start_accepting(&listeners[i]);
    start_timer();
    while (!stopping)
        complete_some();
    for (int i = 0; i < listener_count; i++) {
        shutdown(listeners[i], SHUT_RDWR); /* io_uring holds the socket */
        close(listeners[i]);
    }
    peers_close();
    while (peer_count > 0)
        complete_some();
    release_peers();
    io_uring_queue_exit(&ring);
    free(buffers);
    return 0;
}
