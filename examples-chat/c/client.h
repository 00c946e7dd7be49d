/* A client: a connection, from accept() to close().
 *
 *   PROXY_HEADER  the header of the PROXY protocol is incomplete (--proxy-protocol)
 *   REQUEST       the head of the request is incomplete
 *   OPEN          frames go both ways
 *   CLOSING       we have sent a close frame, and wait for the client's
 *   FINISHING     what waits is sent, and our side is shut down
 *   GONE          to be freed
 *
 * While FINISHING, what the client still sends is discarded until it closes its side:
 * closing the socket at once could destroy output in transit (RFC 6455, 7.1.1).
 *
 * A client asks one thing of Redis at a time: while a join or a say waits for it, the
 * client's further input waits, in the socket or in `in`. So what a client says is
 * stored in its order, and a client costs no more memory the more it sends. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <wscodec.h>

#include "addresses.h"
#include "bucket.h"
#include "buffer.h"
#include "counters.h"
#include "encoder.h"
#include "message.h"
#include "source.h"
#include "stream_id.h"

enum { PROXY_HEADER, REQUEST, OPEN, CLOSING, FINISHING, GONE };

enum { CLOSE_TIMEOUT = 5000, ADDRESS_TEXT = 80 };

typedef struct client {
    source source;
    struct worker *worker;
    struct client *next_updated, *next_gone;
    uint64_t number; /* unique in the process */
    uint32_t index;  /* in worker->clients */
    int fd;
    uint32_t watched; /* what epoll waits for */
    uint8_t state;
    uint8_t pmd_bits;          /* the window for our messages; PLAIN: no compression */
    bool is_updated;           /* it is on worker->updated */
    bool is_counted;           /* in addresses.h and connections_open */
    bool is_finished;          /* our side is shut down */
    bool has_pinged;           /* and the client has sent nothing since */
    bool handling;             /* its frames are being handled */
    uint16_t close_code;       /* what the client sent; 0: nothing */
    int64_t deadline, sent_at; /* sent_at: when the socket last took output */
    address_key address;
    char address_text[ADDRESS_TEXT];
    ws_conn *ws;    /* from OPEN on */
    size_t scanned; /* REQUEST: bytes of `in` that ws_head_length() has seen */
    buffer in;      /* input that is incomplete or has to wait */
    buffer out;     /* output, of which `sent` bytes were sent */
    uint32_t sent, counted_waiting;

    /* The chat: see room.h, join.h, say.h. */
    member member;       /* member.room is empty before the first join */
    struct room *room;   /* the same, while the client is in it */
    uint32_t place;      /* in room->members */
    bool entered;        /* enter.lua was called */
    bool present;        /* `joined` was sent: gets enter and leave */
    bool live;           /* gets what is published */
    stream_id last;      /* the last message that was sent to it */
    buffer held;         /* enter and leave, to be sent after `joined` */
    struct join *join;   /* waits for Redis */
    struct say *say;     /* waits for Redis */
    bucket says, joins;  /* how many it may do now */
    uint64_t refused;    /* the seq of the message that was refused; 0: none */
    counter refused_for; /* the counter of the reason */
} client;

/* Adds a client for a connection that was accepted, or closes it. */
void client_add(struct worker *w, int fd, const struct sockaddr_storage *address,
                socklen_t len);

/* Sets the address that the client is known by. */
void client_set_address(client *c, const struct sockaddr_storage *address,
                        socklen_t len);

/* No more output is written: the connection ends when it is sent. */
void client_finish(client *c);

/* Gives a client up. */
void client_drop(client *c, const char *why);

static inline bool client_is_busy(const client *c) {
    return c->join || c->say;
}

static inline uint32_t client_waiting(const client *c) {
    return c->out.len - c->sent;
}

/* ---- for the worker ---- */

void client_check_deadline(client *c);
void client_free(client *c);

#endif
