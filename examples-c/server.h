/* What echo_server.c and broadcast.c share: a WebSocket server on epoll, in one thread.
 *
 * The server has five parts. Read them in the order in which they are included:
 *
 *   peer.h      a peer, that is, a connection: its state, its time limit, its log
 *   output.h    output: bytes for a peer are collected, sent together, and kept if they
 *               must wait
 *   protocol.h  the protocol: the opening handshake, frames, closes. It uses wscodec
 *   loop.h      the event loop: it accepts, waits, checks time limits, and stops
 *   socket.h    what the loop does with a socket: it reads, sends, and closes
 *
 * The first three know nothing of sockets and epoll: the programs in loops/ use them
 * with other event loops and with TLS.
 *
 * A program defines on_message(), and calls read_options(), check_configuration() and
 * run(). The small headers that the parts use: options.h and compression.h (the
 * command line), listen.h (sockets that listen, signals), http.h (plain HTTP
 * responses), buffer.h, program.h. */
#ifndef SERVER_H
#define SERVER_H

#include "peer.h"

#include "output.h"

#include "protocol.h"

#include "loop.h"

#include "socket.h"

#endif
