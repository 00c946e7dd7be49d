/* Connects to the server, and does the opening handshake. */
#ifndef OPENING_H
#define OPENING_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "script.h"

enum { PATIENCE = 10 /* seconds without any byte of the server */ };

static inline int connected(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE};
    struct linger none = {.l_onoff = 1}; /* thousands of ports would linger else */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect", strerror(errno));
    return fd;
}

static inline void send_all(int fd, const void *bytes, size_t len) {
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
        die("send", strerror(errno));
}

/* Returns how many bytes came: at least one. */
static inline size_t receive_some(int fd, void *to, size_t cap) {
    ssize_t n = recv(fd, to, cap, 0);
    if (n <= 0)
        die("receive", n < 0 ? strerror(errno) : "the server hung up");
    return (size_t)n;
}

/* The extension is agreed upon if it is offered. */
static inline void check_answer(const char *answer, bool deflate) {
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0)
        die("handshake", "refused");
    if (!strcasestr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        die("handshake", "wrong Sec-WebSocket-Accept");
    bool agreed = strcasestr(answer, "permessage-deflate");
    if (agreed != deflate)
        die("handshake",
            agreed ? "compression, which was not offered" : "no compression");
}

/* Offers what browsers offer. No server sends a frame before it receives one: the
 * response is all data. */
static inline void upgrade(int fd, bool deflate) {
    static const char request[] = "GET / HTTP/1.1\r\n"
                                  "Host: 127.0.0.1\r\n"
                                  "Upgrade: websocket\r\n"
                                  "Connection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                  "Sec-WebSocket-Version: 13\r\n";
    static const char offer[] = "Sec-WebSocket-Extensions: "
                                "permessage-deflate; client_max_window_bits\r\n";
    char head[512], answer[4096] = "";
    int head_len =
        snprintf(head, sizeof head, "%s%s\r\n", request, deflate ? offer : "");
    size_t len = 0;
    send_all(fd, head, (size_t)head_len);
    while (!strstr(answer, "\r\n\r\n") && len < sizeof answer - 1)
        len += receive_some(fd, answer + len, sizeof answer - 1 - len);
    check_answer(answer, deflate);
}

#endif
