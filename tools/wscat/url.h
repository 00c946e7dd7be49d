/* URLs of ws and wss (RFC 6455, 3). */
#ifndef URL_H
#define URL_H

#include <strings.h>

#include "program.h"

enum { MAX_URL = 4096 };

typedef struct url {
    const char *text;
    bool tls;
    char host[256], port[6];
    char authority[280]; /* for Host: without a port that is the default */
    char target[MAX_URL];
} url;

static inline url parse_url(const char *text) {
    url u = {.text = text};
    int host = 0, port = 0;
    u.tls = strncasecmp(text, "wss://", 6) == 0;
    if (!u.tls && strncasecmp(text, "ws://", 5) != 0)
        reject(text, "not a URL that starts with ws:// or wss://");
    const char *p = strstr(text, "://") + 3, *fallback = u.tls ? "443" : "80";
    if (sscanf(p, "[%255[0-9a-fA-F:.]]%n", u.host, &host) < 1)
        sscanf(p, "%255[^][:/?#@]%n", u.host, &host);
    strcpy(u.port, fallback);
    if (host > 0 && sscanf(p + host, ":%5[0-9]%n", u.port, &port) == 1 &&
        (atoi(u.port) > 65535 || atoi(u.port) == 0))
        host = 0;
    const char *path = p + host + port;
    int len = snprintf(u.target, MAX_URL, "%s%s", *path == '/' ? "" : "/", path);
    if (host == 0 || !strchr("/?", *path) || strchr(path, '#') || len >= MAX_URL)
        reject(text, "not a URL like ws://host:port/path");
    bool implied = atoi(u.port) == atoi(fallback);
    memcpy(u.authority, p, (size_t)(host + (implied ? 0 : port)));
    return u;
}

#endif
