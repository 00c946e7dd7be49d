#include "counters.h"

counters all_counters[MAX_THREADS];
__thread counters *own_counters;
