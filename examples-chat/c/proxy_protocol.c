#include "proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVALID = -1, INCOMPLETE = 0 };

/* ---- addresses ---- */

static void set_v4(proxy_client *client, struct in_addr host, in_port_t port) {
    struct sockaddr_in *to = (struct sockaddr_in *)&client->address;
    *to =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = host, .sin_port = port};
    client->address_len = sizeof *to;
    client->known = true;
}

static void set_v6(proxy_client *client, struct in6_addr host, in_port_t port) {
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)&client->address;
    *to = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_addr = host, .sin6_port = port};
    client->address_len = sizeof *to;
    client->known = true;
}

/* ---- version 1: a line of text ---- */

enum { V1_MAX = 107, V1_WORDS = 6 };

/* Splits the line at single spaces. Returns the number of words, or V1_WORDS + 1. */
static int split(char *line, char *words[V1_WORDS]) {
    int count = 0;
    char *word;
    while ((word = strsep(&line, " "))) {
        if (count == V1_WORDS)
            return V1_WORDS + 1;
        words[count++] = word;
    }
    return count;
}

static bool parse_port(const char *text, in_port_t *port) {
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len ||
        (len > 1 && text[0] == '0') || atoi(text) > 65535)
        return false;
    *port = htons((uint16_t)atoi(text));
    return true;
}

/* The words: PROXY, the family, both addresses, both ports. */
static bool parse_v1_addresses(char *words[V1_WORDS], proxy_client *client) {
    in_port_t port, our_port;
    if (!parse_port(words[4], &port) || !parse_port(words[5], &our_port))
        return false;
    if (strcmp(words[1], "TCP4") == 0) {
        struct in_addr host, ours;
        bool valid = inet_pton(AF_INET, words[2], &host) == 1 &&
                     inet_pton(AF_INET, words[3], &ours) == 1;
        if (valid)
            set_v4(client, host, port);
        return valid;
    }
    struct in6_addr host, ours;
    bool valid = strcmp(words[1], "TCP6") == 0 &&
                 inet_pton(AF_INET6, words[2], &host) == 1 &&
                 inet_pton(AF_INET6, words[3], &ours) == 1;
    if (valid)
        set_v6(client, host, port);
    return valid;
}

static bool parse_v1_line(char *line, proxy_client *client) {
    static const char UNKNOWN[] = "PROXY UNKNOWN";
    size_t len = sizeof UNKNOWN - 1;
    if (strncmp(line, UNKNOWN, len) == 0 && (line[len] == '\0' || line[len] == ' '))
        return true;
    char *words[V1_WORDS];
    return split(line, words) == V1_WORDS && parse_v1_addresses(words, client);
}

static int parse_v1(const uint8_t *bytes, size_t len, proxy_client *client) {
    size_t seen = len < V1_MAX ? len : V1_MAX;
    const uint8_t *end = memchr(bytes, '\n', seen);
    if (!end)
        return seen == V1_MAX ? INVALID : INCOMPLETE;
    size_t line_len = (size_t)(end - bytes);
    if (line_len == 0 || end[-1] != '\r' || memchr(bytes, '\0', line_len))
        return INVALID;
    char line[V1_MAX];
    memcpy(line, bytes, line_len - 1);
    line[line_len - 1] = '\0';
    return parse_v1_line(line, client) ? (int)line_len + 1 : INVALID;
}

/* ---- version 2: binary ---- */

enum { V2_HEADER = 16, V2_LOCAL = 0, V2_PROXY = 1, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

/* Additions after the addresses are skipped; so are families that are no addresses. */
static bool parse_v2_addresses(uint8_t family, const uint8_t *bytes, size_t len,
                               proxy_client *client) {
    in_port_t port;
    if (family == V2_TCP4) {
        struct in_addr host;
        if (len < 12)
            return false;
        memcpy(&host, bytes, 4);
        memcpy(&port, bytes + 8, 2);
        set_v4(client, host, port);
    } else if (family == V2_TCP6) {
        struct in6_addr host;
        if (len < 36)
            return false;
        memcpy(&host, bytes, 16);
        memcpy(&port, bytes + 32, 2);
        set_v6(client, host, port);
    }
    return true;
}

static int parse_v2(const uint8_t *bytes, size_t len, proxy_client *client) {
    if (len > 12 && (bytes[12] >> 4 != 2 || (bytes[12] & 0xf) > V2_PROXY))
        return INVALID;
    if (len < V2_HEADER)
        return INCOMPLETE;
    size_t body = (size_t)bytes[14] << 8 | bytes[15];
    if (V2_HEADER + body > PROXY_MAX_HEADER)
        return INVALID;
    if (len < V2_HEADER + body)
        return INCOMPLETE;
    bool valid = (bytes[12] & 0xf) == V2_LOCAL ||
                 parse_v2_addresses(bytes[13], bytes + V2_HEADER, body, client);
    return valid ? (int)(V2_HEADER + body) : INVALID;
}

/* ---- either ---- */

/* Whether the bytes start with the signature, as far as they go. */
static bool starts_with(const uint8_t *bytes, size_t len, const char *signature,
                        size_t signature_len) {
    return memcmp(bytes, signature, len < signature_len ? len : signature_len) == 0;
}

int proxy_parse(const uint8_t *bytes, size_t len, proxy_client *client) {
    *client = (proxy_client){0};
    if (len == 0)
        return INCOMPLETE;
    if (starts_with(bytes, len, "PROXY ", 6))
        return parse_v1(bytes, len, client);
    if (starts_with(bytes, len, "\r\n\r\n\0\r\nQUIT\n", 12))
        return parse_v2(bytes, len, client);
    return INVALID;
}
