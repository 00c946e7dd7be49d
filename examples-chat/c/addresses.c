#include "addresses.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

typedef struct entry {
    struct entry *next;
    address_key key;
    long count;
} entry;

enum { SLOTS = 4096 };

static entry *slots[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

address_key address_key_of(const struct sockaddr_storage *address) {
    address_key key = {{0}};
    if (address->ss_family == AF_INET) {
        key.bytes[10] = key.bytes[11] = 0xff; /* ::ffff:a.b.c.d */
        memcpy(key.bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->ss_family == AF_INET6) {
        const struct in6_addr *host =
            &((const struct sockaddr_in6 *)address)->sin6_addr;
        memcpy(key.bytes, host, IN6_IS_ADDR_V4MAPPED(host) ? 16 : 8);
    }
    return key;
}

/* FNV-1a. A client chooses its address hardly freely, so collisions are no weapon. */
static size_t slot_of(const address_key *key) {
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < sizeof key->bytes; i++)
        hash = (hash ^ key->bytes[i]) * 16777619U;
    return hash % SLOTS;
}

/* Returns where the entry is linked, or where it belongs. */
static entry **find(const address_key *key) {
    entry **at = &slots[slot_of(key)];
    while (*at && memcmp(&(*at)->key, key, sizeof *key) != 0)
        at = &(*at)->next;
    return at;
}

static bool take(const address_key *key) {
    entry **at = find(key);
    if (!*at && (*at = calloc(1, sizeof **at)))
        (*at)->key = *key;
    if (!*at || (*at)->count == options.max_per_address)
        return false;
    (*at)->count++;
    return true;
}

bool address_take(address_key key) {
    pthread_mutex_lock(&lock);
    bool taken = take(&key);
    pthread_mutex_unlock(&lock);
    return taken;
}

void address_give_back(address_key key) {
    pthread_mutex_lock(&lock);
    entry **at = find(&key);
    if (--(*at)->count == 0) {
        entry *empty = *at;
        *at = empty->next;
        free(empty);
    }
    pthread_mutex_unlock(&lock);
}
