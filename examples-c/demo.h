/* The page at /demo: a client that runs in a browser.
 *
 * make turns each file in demo/ into a list of bytes, so that the program needs no
 * files where it runs. */
#ifndef DEMO_H
#define DEMO_H

#include "http.h"
#include "listen.h"
#include "options.h"

static const uint8_t INDEX_HTML[] = {
#include "demo/index.html.inc"
};
static const uint8_t STYLE_CSS[] = {
#include "demo/style.css.inc"
};
static const uint8_t ICON_SVG[] = {
#include "demo/icon.svg.inc"
};
static const uint8_t MAIN_JS[] = {
#include "demo/main.js.inc"
};
static const uint8_t CONNECTION_JS[] = {
#include "demo/connection.js.inc"
};
static const uint8_t FRAMES_JS[] = {
#include "demo/frames.js.inc"
};
static const uint8_t LOG_JS[] = {
#include "demo/log.js.inc"
};
static const uint8_t PLOT_JS[] = {
#include "demo/plot.js.inc"
};
static const uint8_t TIMES_JS[] = {
#include "demo/times.js.inc"
};
static const uint8_t BYTES_JS[] = {
#include "demo/bytes.js.inc"
};
static const uint8_t FORM_JS[] = {
#include "demo/form.js.inc"
};
static const uint8_t PAGE_JS[] = {
#include "demo/page.js.inc"
};

/* The files belong to this build: a browser asks each time. */
#define DEMO_FILE(type)                                                                \
    "Content-Type: " type "\r\nCache-Control: no-cache\r\n"                            \
    "X-Content-Type-Options: nosniff\r\n"
#define SCRIPT DEMO_FILE("text/javascript; charset=utf-8")
/* The page loads nothing from elsewhere, connects to no other server, and is in no
 * frame of another page. The last two fields isolate it from other pages; so a browser
 * gives it an exact clock. */
#define PAGE                                                                           \
    DEMO_FILE("text/html; charset=utf-8")                                              \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src "       \
    "'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action "        \
    "'none'; frame-ancestors 'none'\r\n"                                               \
    "Referrer-Policy: no-referrer\r\n"                                                 \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                      \
    "Cross-Origin-Embedder-Policy: require-corp\r\n"

static char about_server[128];

static http_file demo_files[] = {
    {"/demo/server.json", DEMO_FILE("application/json"), about_server, 0},
    {"/demo", PAGE, INDEX_HTML, sizeof INDEX_HTML},
    {"/demo/", PAGE, INDEX_HTML, sizeof INDEX_HTML},
    {"/demo/style.css", DEMO_FILE("text/css; charset=utf-8"), STYLE_CSS,
     sizeof STYLE_CSS},
    {"/demo/icon.svg", DEMO_FILE("image/svg+xml"), ICON_SVG, sizeof ICON_SVG},
    {"/demo/main.js", SCRIPT, MAIN_JS, sizeof MAIN_JS},
    {"/demo/connection.js", SCRIPT, CONNECTION_JS, sizeof CONNECTION_JS},
    {"/demo/frames.js", SCRIPT, FRAMES_JS, sizeof FRAMES_JS},
    {"/demo/log.js", SCRIPT, LOG_JS, sizeof LOG_JS},
    {"/demo/plot.js", SCRIPT, PLOT_JS, sizeof PLOT_JS},
    {"/demo/times.js", SCRIPT, TIMES_JS, sizeof TIMES_JS},
    {"/demo/bytes.js", SCRIPT, BYTES_JS, sizeof BYTES_JS},
    {"/demo/form.js", SCRIPT, FORM_JS, sizeof FORM_JS},
    {"/demo/page.js", SCRIPT, PAGE_JS, sizeof PAGE_JS},
    {0},
};

/* Adds the page to what the server responds with. Call it when the options are known:
 * the page needs some of them to tell which frames are compressed. */
static inline void serve_demo(uint64_t largest) {
    snprintf(about_server, sizeof about_server,
             "{\"version\":\"%s\",\"maxMessage\":%llu,\"compressFrom\":%llu}\n",
             ws_version_string(), (unsigned long long)largest,
             (unsigned long long)options.compression.from);
    demo_files[0].len = strlen(about_server);
    files = demo_files;
    page_path = demo_files[1].path;
}

#endif
