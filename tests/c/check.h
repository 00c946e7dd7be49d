/* Assertions that print their position and the value found. */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>
#include <stdint.h>

#define CHECK(cond) check_true((cond) ? 1 : 0, __FILE__, __LINE__, #cond)
#define CHECK_EQ(got, want) \
    check_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, #got)
#define CHECK_U64(got, want) \
    check_uint((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__, #got)
#define CHECK_MEM(got, want, len) \
    check_mem((got), (want), (len), __FILE__, __LINE__, #got)
/* Every byte has this value. */
#define CHECK_FILL(mem, byte, len) \
    check_fill((mem), (byte), (len), __FILE__, __LINE__, #mem)

void check_true(int ok, const char *file, int line, const char *what);
void check_int(intmax_t got, intmax_t want, const char *file, int line,
               const char *what);
void check_uint(uint64_t got, uint64_t want, const char *file, int line,
                const char *what);
void check_str(const char *got, const char *want, const char *file, int line,
               const char *what);
void check_mem(const void *got, const void *want, size_t len, const char *file,
               int line, const char *what);
void check_fill(const void *mem, int byte, size_t len, const char *file,
                int line, const char *what);

/* Sets the current case, which is printed with each failure. `text` must stay
 * valid. */
void check_case(const char *text, uintmax_t a, uintmax_t b);

/* Prints the line of the program; returns its exit status. */
int check_done(const char *program);

/* Converts "81 05 4865" to bytes; returns their number. Spaces are skipped. */
size_t unhex(const char *hex, void *out, size_t cap);

#endif
