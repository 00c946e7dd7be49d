#include "options.h"

#include <unistd.h>

#include "http.h"

chat_options options = {
    .host = "127.0.0.1",
    .port = "8080",
    .redis_host = "127.0.0.1",
    .redis_port = 6379,
    .max_connections = 10000,
    .max_per_address = 100,
    .max_waiting = 1 << 20,
    .rate = 5,
    .burst = 20,
    .ping_interval = 20000,
    .ping_timeout = 20000,
    .handshake_timeout = 10000,
    .join_timeout = 5000,
    .drain_delay = 2000,
    .drain_time = 5000,
    .drain_timeout = 30000,
    .presence = 30000,
};

static const char HELP[] =
    "Usage: %s [OPTION...]\n"
    "\n"
    "A chat over WebSockets, described in PROTOCOL.md. All its servers share what is in\n"
    "Redis. REDIS_PASSWORD in the environment is the password for it.\n"
    "\n"
    "  --listen HOST:PORT           the address to listen on (127.0.0.1:8080); port 0: a\n"
    "                               free one. Other processes may listen there, too\n"
    "  --threads COUNT              (one for each processor)\n"
    "  --name NAME                  of this process (HOST-PID); unique among all servers\n"
    "  --redis HOST:PORT|PATH       Redis; PATH is a unix socket (127.0.0.1:6379)\n"
    "  --page FILE                  the page at /\n"
    "  --origin ORIGIN              a page that may connect, e.g. https://a.example; may be\n"
    "                               repeated; without it, any page may\n"
    "  --proxy-protocol             each connection starts with a header of the PROXY\n"
    "                               protocol, version 1 or 2\n"
    "  --trust-forwarded            the last address in X-Forwarded-For is the client's;\n"
    "                               for a server that only a proxy can reach\n"
    "  --no-compression             decline permessage-deflate\n"
    "\n"
    "Limits:\n"
    "  --max-connections COUNT      WebSockets of this process (10000)\n"
    "  --max-per-address COUNT      WebSockets of one address, or of one /64 (100)\n"
    "  --max-waiting BYTES          output that may wait for a client (1048576)\n"
    "  --rate COUNT                 messages, and joins, of a client in a second (5) ...\n"
    "  --burst COUNT                ... and at once (20)\n"
    "  --handshake-timeout SECONDS  for an opening handshake (10)\n"
    "  --ping-interval SECONDS      pings a client that was silent for so long (20)\n"
    "  --ping-timeout SECONDS       ... and drops it after so long without input (20)\n"
    "  --join-timeout SECONDS       how long a join waits for Redis (5)\n"
    "  --presence-seconds SECONDS   after which the members of a dead process leave (30)\n"
    "\n"
    "SIGTERM drains the process; a second one ends it at once:\n"
    "  --drain-delay SECONDS        /health responds with 503, all else works (2)\n"
    "  --drain-seconds SECONDS      then all clients are closed with 1001, spread over so\n"
    "                               long (5)\n"
    "  --drain-timeout SECONDS      ends the process if clients are left, counted from the\n"
    "                               signal (30)\n"
    "\n"
    "  --verbose                    log what each client does, not only faults\n"
    "  --json                       log in JSON, an object for each line\n"
    "  --version                    print the version of the library\n"
    "  --help                       print this text\n";

/* ---- values ---- */

enum { SECONDS_PER_DAY = 86400, MAX_PAGE = 1 << 20 };

static int64_t parse_seconds(const char *option, const char *text, double min) {
    char *end, why[80];
    double seconds = strtod(text, &end);
    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end != '\0' ||
        seconds < min || seconds > SECONDS_PER_DAY) {
        snprintf(why, sizeof why, "not a number of seconds from %g to %d", min,
                 SECONDS_PER_DAY);
        reject(option, why);
    }
    return (int64_t)(seconds * 1000);
}

/* Splits "HOST:PORT" and "[HOST]:PORT". */
static bool split_address(const char *text, char *host, size_t cap, const char **port) {
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || strspn(colon + 1, "0123456789") == 0)
        return false;
    size_t len = (size_t)(colon - text);
    if (text[0] == '[' && colon[-1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return false;
    }
    if (len == 0 || len >= cap)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

static void set_listen(const char *value) {
    const char *port;
    if (!split_address(value, options.host, sizeof options.host, &port))
        reject("--listen", "not HOST:PORT, or [HOST]:PORT for IPv6");
    snprintf(options.port, sizeof options.port, "%ld",
             parse_number("--listen", port, 0, 65535));
}

static void set_redis(const char *value) {
    const char *port;
    if (strchr(value, '/')) {
        options.redis_path = value;
        return;
    }
    options.redis_path = NULL;
    if (!split_address(value, options.redis_host, sizeof options.redis_host, &port))
        reject("--redis", "not HOST:PORT, and not the path of a socket");
    options.redis_port = (int)parse_number("--redis", port, 1, 65535);
}

static void set_name(const char *value) {
    static const char ALLOWED[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(value);
    if (len < 1 || len > 64 || strspn(value, ALLOWED) != len)
        reject("--name", "not 1 to 64 letters, digits, \".\", \"_\" or \"-\"");
    options.name = value;
}

/* The library takes a list. */
static void add_origin(const char *value) {
    static char list[4096];
    size_t len = strlen(list);
    if (strchr(value, ' ') || *value == '\0')
        reject("--origin", "not an origin like \"https://a.example\"");
    if (len + 1 + strlen(value) >= sizeof list)
        reject("--origin", "too many");
    snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? " " : "", value);
    options.origins = list;
}

static void read_page(const char *path) {
    FILE *file = fopen(path, "rb");
    options.page = malloc(MAX_PAGE + 1);
    if (!file || !options.page)
        die(path, strerror(errno));
    options.page_len = fread(options.page, 1, MAX_PAGE + 1, file);
    if (ferror(file))
        die(path, strerror(errno));
    if (options.page_len > MAX_PAGE)
        die(path, "more than 1 MiB");
    fclose(file);
}

/* ---- options ---- */

/* clang-format off */
enum {
    LISTEN = 256, THREADS, NAME, REDIS, PAGE, ORIGIN, PROXY, FORWARDED,
    NO_COMPRESSION, MAX_CONNECTIONS, MAX_PER_ADDRESS, MAX_WAITING, RATE, BURST, HANDSHAKE_TIMEOUT,
    PING_INTERVAL, PING_TIMEOUT, JOIN_TIMEOUT, PRESENCE, DRAIN_DELAY, DRAIN_SECONDS,
    DRAIN_TIMEOUT, VERBOSE, JSON, VERSION, SHOW_HELP,
};
/* clang-format on */

static const struct option KNOWN[] = {
    {"listen", required_argument, NULL, LISTEN},
    {"threads", required_argument, NULL, THREADS},
    {"name", required_argument, NULL, NAME},
    {"redis", required_argument, NULL, REDIS},
    {"page", required_argument, NULL, PAGE},
    {"origin", required_argument, NULL, ORIGIN},
    {"proxy-protocol", no_argument, NULL, PROXY},
    {"trust-forwarded", no_argument, NULL, FORWARDED},
    {"no-compression", no_argument, NULL, NO_COMPRESSION},
    {"max-connections", required_argument, NULL, MAX_CONNECTIONS},
    {"max-per-address", required_argument, NULL, MAX_PER_ADDRESS},
    {"max-waiting", required_argument, NULL, MAX_WAITING},
    {"rate", required_argument, NULL, RATE},
    {"burst", required_argument, NULL, BURST},
    {"handshake-timeout", required_argument, NULL, HANDSHAKE_TIMEOUT},
    {"ping-interval", required_argument, NULL, PING_INTERVAL},
    {"ping-timeout", required_argument, NULL, PING_TIMEOUT},
    {"join-timeout", required_argument, NULL, JOIN_TIMEOUT},
    {"presence-seconds", required_argument, NULL, PRESENCE},
    {"drain-delay", required_argument, NULL, DRAIN_DELAY},
    {"drain-seconds", required_argument, NULL, DRAIN_SECONDS},
    {"drain-timeout", required_argument, NULL, DRAIN_TIMEOUT},
    {"verbose", no_argument, NULL, VERBOSE},
    {"json", no_argument, NULL, JSON},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, SHOW_HELP},
    {0},
};

/* Returns false if it is another option. */
static bool set_limit(int option, const char *name, const char *value) {
    chat_options *o = &options;
    switch (option) {
    case THREADS: o->threads = parse_number(name, value, 1, MAX_THREADS); break;
    case MAX_CONNECTIONS:
        o->max_connections = parse_number(name, value, 1, 1 << 20);
        break;
    case MAX_PER_ADDRESS:
        o->max_per_address = parse_number(name, value, 1, 1 << 20);
        break;
    case MAX_WAITING:
        o->max_waiting = parse_number(name, value, 1 << 12, 1 << 28);
        break;
    case RATE: o->rate = parse_number(name, value, 1, 1000000); break;
    case BURST: o->burst = parse_number(name, value, 1, 1000000); break;
    default: return false;
    }
    return true;
}

static void set_time(int option, const char *name, const char *value) {
    chat_options *o = &options;
    switch (option) {
    case HANDSHAKE_TIMEOUT:
        o->handshake_timeout = parse_seconds(name, value, 0.1);
        break;
    case PING_INTERVAL: o->ping_interval = parse_seconds(name, value, 0.1); break;
    case PING_TIMEOUT: o->ping_timeout = parse_seconds(name, value, 0.1); break;
    case JOIN_TIMEOUT: o->join_timeout = parse_seconds(name, value, 0.1); break;
    case PRESENCE: o->presence = parse_seconds(name, value, 3); break;
    case DRAIN_DELAY: o->drain_delay = parse_seconds(name, value, 0); break;
    case DRAIN_SECONDS: o->drain_time = parse_seconds(name, value, 0); break;
    case DRAIN_TIMEOUT: o->drain_timeout = parse_seconds(name, value, 0); break;
    }
}

static void show_help(void) {
    printf(HELP, program);
    exit(0);
}

static void set_option(int option, const char *name, const char *value) {
    chat_options *o = &options;
    switch (option) {
    case LISTEN: set_listen(value); break;
    case NAME: set_name(value); break;
    case REDIS: set_redis(value); break;
    case PAGE: read_page(value); break;
    case ORIGIN: add_origin(value); break;
    case PROXY: o->proxy_protocol = true; break;
    case FORWARDED: o->trust_forwarded = true; break;
    case NO_COMPRESSION: o->compression = false; break;
    case VERBOSE: o->verbose = true; break;
    case JSON: o->json = true; break;
    case VERSION: print_version(); break;
    case SHOW_HELP: show_help(); break;
    default:
        if (!set_limit(option, name, value))
            set_time(option, name, value);
    }
}

static void set_defaults(void) {
    static char name[65];
    char host[40] = "chat";
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s-%ld", host, (long)getpid());
    set_name(name);
    options.threads = processors < 1 ? 1 : processors;
    if (options.threads > MAX_THREADS)
        options.threads = MAX_THREADS;
    options.compression = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    options.redis_password = getenv("REDIS_PASSWORD");
}

void read_options(int argc, char **argv) {
    int option, index;
    set_program(argv[0]);
    set_defaults();
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", KNOWN, &index)) != -1) {
        char name[40];
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        snprintf(name, sizeof name, "--%s", KNOWN[index].name);
        set_option(option, name, optarg);
    }
    if (optind < argc)
        reject(argv[optind], "unexpected argument");
    if (options.origins) {
        const ws_accept_spec spec = {
            .origins = {options.origins, strlen(options.origins)}};
        check_accept_spec(&spec);
    }
}
