/* Prints the percentiles that loadgen would report for the latencies in stdin: whole
 * numbers of nanoseconds. check_loadgen.py compares them with exact ones. */
#include "measure.h"

int main(void) {
    static const double parts[] = {0.5, 0.99, 0.999};
    unsigned long long ns;
    uint64_t count = 0;
    while (scanf("%llu", &ns) == 1) {
        record(ns);
        count++;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        printf("%.1f\n", percentile(count, parts[i]));
    return 0;
}
