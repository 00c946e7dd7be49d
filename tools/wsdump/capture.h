/* Captures: files and interfaces, with libpcap. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include "options.h"

#ifdef WITH_PCAP

#include <pcap/pcap.h>
#include <signal.h>

#include "tcp.h"

enum { SNAPLEN = 262144, BUFFER_SIZE = 64 << 20, BUFFER_MILLISECONDS = 100 };

static pcap_t *capture;

static inline const char *pcap_version(void) {
    return pcap_lib_version();
}

/* Skips the header of the link. Returns false if it carries no IP. */
static inline bool skip_link(int link, bytes *b) {
    switch (link) {
    case DLT_EN10MB: return skip_ethernet(b);
    case DLT_NULL:
    case DLT_LOOP: return skip(b, 4);
    case DLT_LINUX_SLL: return skip(b, 16);
    case DLT_LINUX_SLL2: return skip(b, 20);
    default: return true; /* IP: see check_link() */
    }
}

static inline void check_link(const char *name) {
    static const int known[] = {DLT_EN10MB,     DLT_NULL, DLT_LOOP, DLT_LINUX_SLL,
                                DLT_LINUX_SLL2, DLT_RAW,  DLT_IPV4, DLT_IPV6};
    char why[100];
    const int link = pcap_datalink(capture);
    const char *known_as = pcap_datalink_val_to_name(link);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (link == known[i])
            return;
    snprintf(why, sizeof why, "links of type %s (%d) are not supported",
             known_as ? known_as : "unknown", link);
    fail(name, why);
}

static inline void set_filter(void) {
    struct bpf_program filter;
    if (!options.filter)
        return;
    if (pcap_compile(capture, &filter, options.filter, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
        pcap_setfilter(capture, &filter) != 0)
        fail("--filter", pcap_geterr(capture));
    pcap_freecode(&filter);
}

static void on_packet(u_char *link, const struct pcap_pkthdr *h, const u_char *data) {
    bytes b = {data, h->caplen, h->len < h->caplen ? h->caplen : h->len};
    segment s;
    packet_time = h->ts;
    if (packet_time.tv_usec < 0 || packet_time.tv_usec > 999999) /* damaged */
        packet_time.tv_usec = 0;
    if (skip_link(*(int *)(void *)link, &b) && parse_ip(b, &s))
        on_segment(&s);
    if (options.interface)
        flush_output();
}

static inline void report_dropped(void) {
    struct pcap_stat stat;
    if (options.interface && pcap_stats(capture, &stat) == 0 && stat.ps_drop > 0)
        fprintf(stderr, "%s: %u packets were lost\n", program, stat.ps_drop);
}

static inline void report_none(const char *name) {
    fprintf(stderr, "%s: %s: no WebSocket connection", program, name);
    if (other_flows > 0)
        fprintf(stderr, "; %u other TCP connection%s (see --frames)", other_flows,
                other_flows == 1 ? "" : "s");
    fputc('\n', stderr);
}

static inline void read_packets(const char *name) {
    int link;
    check_link(name);
    set_filter();
    if (options.interface)
        fprintf(stderr, "%s: capturing from %s\n", program, name);
    has_time = true;
    link = pcap_datalink(capture);
    const int result = pcap_loop(capture, -1, on_packet, (u_char *)&link);
    char why[PCAP_ERRBUF_SIZE];
    snprintf(why, sizeof why, "%s", pcap_geterr(capture));
    end_flows();
    report_dropped();
    pcap_close(capture);
    if (result == PCAP_ERROR)
        fail(name, why);
    if (connections == 0)
        report_none(name);
}

static inline void read_capture(const char *name, FILE *file) {
    char why[PCAP_ERRBUF_SIZE + 60];
    capture = pcap_fopen_offline(file, why);
    if (!capture) {
        strcat(why, " (--client and --server read streams of bytes)");
        fail(name, why);
    }
    read_packets(name);
}

static void stop_capture(int number) {
    (void)number;
    pcap_breakloop(capture);
}

static inline void check_status(int status) {
    char why[PCAP_ERRBUF_SIZE + 100];
    const char *what = pcap_statustostr(status), *detail = pcap_geterr(capture);
    const bool more = *detail != '\0' && strcmp(detail, what) != 0;
    snprintf(why, sizeof why, "%s%s%s", what, more ? ": " : "", more ? detail : "");
    if (status < 0)
        fail(options.interface, why);
}

static inline void read_interface(void) {
    char why[PCAP_ERRBUF_SIZE];
    const struct sigaction stop = {.sa_handler = stop_capture, .sa_flags = SA_RESTART};
    capture = pcap_create(options.interface, why);
    if (!capture)
        fail(options.interface, why);
    pcap_set_snaplen(capture, SNAPLEN);
    pcap_set_buffer_size(capture, BUFFER_SIZE);
    pcap_set_timeout(capture, BUFFER_MILLISECONDS);
    check_status(pcap_activate(capture));
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    read_packets(options.interface);
}

#else

static const char WITHOUT_PCAP[] =
    "built without libpcap: install libpcap-dev and build again";

static inline const char *pcap_version(void) {
    return "without libpcap";
}

static inline void read_capture(const char *name, FILE *file) {
    (void)file;
    fail(name, WITHOUT_PCAP);
}

static inline void read_interface(void) {
    fail(options.interface, WITHOUT_PCAP);
}

#endif
#endif
