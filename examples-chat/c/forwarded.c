#include "forwarded.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <wscodec.h>

static const char FIELD[] = "X-Forwarded-For";

/* The value of the last such field; its length is 0 if there is none. */
static ws_span last_value(const char *head, size_t len) {
    ws_span name, value, last = {0};
    size_t pos = 0;
    while (ws_next_header(head, len, &pos, &name, &value) == 1)
        if (name.len == strlen(FIELD) &&
            strncasecmp(head + name.off, FIELD, name.len) == 0)
            last = value;
    return last;
}

static bool parse(const char *text, struct sockaddr_storage *address) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    *address = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        address->ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        address->ss_family = AF_INET6;
    return address->ss_family != 0;
}

bool forwarded_address(const void *head, size_t len, struct sockaddr_storage *address) {
    char text[INET6_ADDRSTRLEN];
    ws_span value = last_value(head, len);
    const char *start = (const char *)head + value.off;
    const char *comma = memrchr(start, ',', value.len);
    const char *from = comma ? comma + 1 : start, *end = start + value.len;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    size_t text_len = (size_t)(end - from);
    if (text_len == 0 || text_len >= sizeof text)
        return false;
    memcpy(text, from, text_len);
    text[text_len] = '\0';
    return parse(text, address);
}
